import { readFile } from 'node:fs/promises';
import { timingSafeEqual } from 'node:crypto';
import { compare, hash } from 'bcryptjs';
import { ProvisioningError, type Secret } from '@provisioning/extensions-sdk';

/** Users of a registry from an htpasswd file; only bcrypt entries count, as everywhere with OCI registries. */
export class Htpasswd {
  readonly #path: string;
  /** A password that was right once is not hashed again for every request. */
  readonly #known = new Map<string, Buffer>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether the header proves a user of the file. */
  async accepts(authorization: string | undefined): Promise<boolean> {
    const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
    if (encoded === undefined) return false;
    const plain = Buffer.from(encoded, 'base64').toString('utf8');
    const separator = plain.indexOf(':');
    if (separator === -1) return false;
    const [user, password] = [plain.slice(0, separator), plain.slice(separator + 1)];
    const entry = (await this.#entries()).get(user);
    if (entry === undefined) return false;
    const token = Buffer.from(`${entry}\n${password}`);
    const before = this.#known.get(user);
    if (before !== undefined && before.length === token.length && timingSafeEqual(before, token)) return true;
    if (!(await compare(password, entry))) return false;
    this.#known.set(user, token);
    return true;
  }

  async #entries(): Promise<ReadonlyMap<string, string>> {
    const text = await readFile(this.#path, 'utf8').catch((cause: unknown) => {
      throw new ProvisioningError({
        code: 'FILE_NOT_READABLE',
        kind: 'configuration',
        message: `${this.#path} cannot be read`,
        cause,
      });
    });
    const lines = text.split('\n').map((line) => line.trim());
    return new Map(
      lines.flatMap((line) => {
        const match = /^([^:#\s]+):(\$2[aby]\$.+)$/.exec(line);
        return match === null ? [] : [[match[1]!, match[2]!] as const];
      }),
    );
  }
}

/** One line of an htpasswd file. */
export async function htpasswdLine(user: string, password: Secret): Promise<string> {
  if (/[:\s]/.test(user)) {
    throw new ProvisioningError({ code: 'INVALID_USER', kind: 'usage', message: `${user} is no user name` });
  }
  return `${user}:${await hash(password.reveal(), 10)}\n`;
}
