import { createHash, createHmac } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a known_hosts file says about a key offered by a host. */
export type HostKeyVerdict = 'known' | 'new' | 'changed';

interface Entry {
  readonly names: string;
  readonly type: string;
  readonly key: string;
  readonly revoked: boolean;
}

/**
 * A file in the format of OpenSSH's known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain, bracketed and hashed
 * names, `@revoked`. New keys are appended, changed ones refused (05 §7.4).
 */
export class KnownHosts {
  readonly file: string;
  #entries: readonly Entry[] = [];
  /** One reader and writer at a time, so that two new keys of one host cannot both be accepted. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.file = file;
  }

  /** Key types remembered for a name, so that the handshake asks for one that can be verified. */
  async types(name: string): Promise<readonly string[]> {
    return this.#exclusive(async () => {
      await this.#read();
      return this.#of(name).map((entry) => entry.type);
    });
  }

  /** Judges an offered key (SSH wire format) and remembers it when the name is new. */
  async verify(name: string, key: Buffer): Promise<HostKeyVerdict> {
    return this.#exclusive(async () => {
      await this.#read();
      const offered = key.toString('base64');
      const known = this.#of(name);
      if (this.#entries.some((entry) => entry.revoked && entry.key === offered)) return 'changed';
      if (known.some((entry) => entry.key === offered)) return 'known';
      if (known.length > 0) return 'changed';
      await mkdir(dirname(this.file), { recursive: true });
      await appendFile(this.file, `${name} ${keyType(key)} ${offered}\n`, { mode: 0o600 });
      return 'new';
    });
  }

  #of(name: string): readonly Entry[] {
    return this.#entries.filter((entry) => !entry.revoked && matches(entry.names, name));
  }

  async #read(): Promise<void> {
    let text = '';
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.#entries = text.split('\n').flatMap(parseLine);
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** Name of a host in known_hosts when no alias is given. */
export function hostEntryName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Type of a public key in SSH wire format: its first string. */
export function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** `SHA256:…` as ssh-keygen prints it. */
export function fingerprint(key: Buffer): string {
  return `${keyType(key)} SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function parseLine(line: string): Entry[] {
  const fields = line.trim().split(/\s+/);
  if (fields[0] === undefined || fields[0] === '' || fields[0].startsWith('#')) return [];
  const marker = fields[0].startsWith('@') ? fields.shift() : undefined;
  if (marker === '@cert-authority' || fields.length < 3) return [];
  return [{ names: fields[0]!, type: fields[1]!, key: fields[2]!, revoked: marker === '@revoked' }];
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = names.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  return names.split(',').includes(name);
}
