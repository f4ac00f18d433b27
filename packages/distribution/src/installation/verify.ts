import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';

const run = promisify(execFile);

/** `<hash>  <name>` lines as `sha256sum` writes them. */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^([0-9a-f]{64}) [ *](.+)$/.exec(line.trimEnd());
    if (found !== null) sums.set(found[2]!, found[1]!);
  }
  return sums;
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Compares a file with the published checksums; a file that differs is deleted (11 §5.5).
 * @throws ProvisioningError `CHECKSUM_MISMATCH`.
 */
export async function verifyChecksum(file: string, sums: ReadonlyMap<string, string>): Promise<void> {
  const name = basename(file);
  const expected = sums.get(name);
  const found = await sha256Of(file);
  if (expected === found) return;
  await rm(file, { force: true });
  throw new ProvisioningError({
    code: 'CHECKSUM_MISMATCH',
    message: `Checksum mismatch for ${name}`,
    hint:
      expected === undefined
        ? 'checksums.txt does not list the file; nothing was installed'
        : `expected ${expected}, found ${found}; nothing was installed, download it again`,
  });
}

export interface SignatureCheck {
  /** The text that was signed. */
  readonly text: string;
  /** The detached signature, when the release has one. */
  readonly signature: Uint8Array | undefined;
  /** File with the public release key. */
  readonly key: string | undefined;
  /** Without a signature, a key or gpg: refuse instead of going on. */
  readonly required: boolean;
}

/**
 * Verifies the GPG signature of `checksums.txt`, which covers everything it lists.
 * @returns whether a signature was verified.
 * @throws ProvisioningError `SIGNATURE_INVALID`, `SIGNATURE_MISSING`, exit 1.
 */
export async function verifySignature(check: SignatureCheck): Promise<boolean> {
  const { text, signature, key, required } = check;
  const gpg = await run('gpg', ['--version']).then(
    () => true,
    () => false,
  );
  const lacking = [
    ...(signature === undefined ? ['the release has no signature'] : []),
    ...(key === undefined ? ['there is no release key (--release-key, PROVISIONING_RELEASE_KEY)'] : []),
    ...(gpg ? [] : ['gpg is not installed']),
  ];
  if (lacking.length > 0) {
    // Where a key and gpg are there, a release that comes without its signature is not one of ours.
    if (!required && !(key !== undefined && gpg)) return false;
    throw new ProvisioningError({
      code: 'SIGNATURE_MISSING',
      message: `Signature of the release cannot be verified: ${lacking.join(', ')}`,
      hint: 'nothing was installed',
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-gpg-'));
  const gpgWith = (...words: string[]) => run('gpg', ['--homedir', folder, '--batch', '--quiet', ...words]);
  try {
    await writeFile(join(folder, 'checksums.txt'), text);
    await writeFile(join(folder, 'checksums.txt.sig'), signature!);
    await gpgWith('--import', key!);
    await gpgWith(
      '--trust-model',
      'always',
      '--verify',
      join(folder, 'checksums.txt.sig'),
      join(folder, 'checksums.txt'),
    );
    return true;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new ProvisioningError({
      code: 'SIGNATURE_INVALID',
      message: 'Signature of the release is not valid',
      hint: `nothing was installed; gpg says: ${stderr.trim().split('\n').at(-1) ?? ''}`,
      cause: error,
    });
  } finally {
    await run('gpgconf', ['--homedir', folder, '--kill', 'all']).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}
