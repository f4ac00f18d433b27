import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** The SSH identity of a workspace: made on first use, used for every server the workspace owns. */
export interface WorkspaceKey {
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
  /** One line in authorized_keys format. */
  readonly publicKey: string;
}

/**
 * Returns the workspace's key pair `secrets/ssh-keys/id_ed25519`, creating it (0600, in a 0700 folder) when there is
 * none. Safe against several processes doing so at once: the first complete pair wins and all get the same.
 */
export async function ensureWorkspaceKey(workspacePath: string): Promise<WorkspaceKey> {
  const folder = join(workspacePath, 'secrets', 'ssh-keys');
  const privateKeyFile = join(folder, 'id_ed25519');
  const publicKeyFile = `${privateKeyFile}.pub`;
  if (!(await exists(privateKeyFile))) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    const pair = generateKeyPair(`provisioning@${basename(workspacePath)}`);
    await publish(folder, privateKeyFile, pair.privateKey, 0o600);
  }
  const publicKey = publicKeyOf(await readFile(privateKeyFile, 'utf8'));
  if (!(await exists(publicKeyFile))) await publish(folder, publicKeyFile, `${publicKey}\n`, 0o644);
  return { privateKeyFile, publicKeyFile, publicKey };
}

/** Writes a complete file beside the place and links it there, so that nobody ever sees half of it. */
async function publish(folder: string, file: string, content: string, mode: number): Promise<void> {
  const temporary = join(folder, `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  await writeFile(temporary, content, { mode, flag: 'wx' });
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

const keyTypeName = 'ssh-ed25519';

/** An ed25519 pair in OpenSSH's own format (PROTOCOL.key), unencrypted. */
export function generateKeyPair(comment: string): {
  readonly privateKey: string;
  readonly publicKey: string;
} {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d!, 'base64url');
  const point = Buffer.from(x!, 'base64url');
  const publicBlob = Buffer.concat([field(keyTypeName), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    publicBlob,
    field(Buffer.concat([seed, point])),
    field(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    field('none'),
    field('none'),
    field(''),
    number(1),
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ]);
  const body = blob.toString('base64').replace(/(.{70})(?=.)/g, '$1\n');
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `${keyTypeName} ${publicBlob.toString('base64')} ${comment}`,
  };
}

/** The authorized_keys line of an unencrypted private key in OpenSSH format. */
function publicKeyOf(privateKey: string): string {
  const blob = Buffer.from(privateKey.replace(/-----[^-]+-----/g, '').replace(/\s/g, ''), 'base64');
  let offset = 'openssh-key-v1\0'.length;
  const next = (): Buffer => {
    const length = blob.readUInt32BE(offset);
    const value = blob.subarray(offset + 4, offset + 4 + length);
    offset += 4 + length;
    return value;
  };
  next();
  next();
  next();
  offset += 4;
  const publicBlob = next();
  const type = publicBlob.toString('latin1', 4, 4 + publicBlob.readUInt32BE(0));
  const secret = next();
  return `${type} ${publicBlob.toString('base64')} ${commentOf(secret, publicBlob.length)}`.trimEnd();
}

function commentOf(secret: Buffer, publicLength: number): string {
  let offset = 8 + publicLength;
  offset += 4 + secret.readUInt32BE(offset);
  return secret.toString('utf8', offset + 4, offset + 4 + secret.readUInt32BE(offset));
}

function number(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function field(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([number(bytes.length), bytes]);
}
