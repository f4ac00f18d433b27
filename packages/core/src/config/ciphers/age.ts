import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigCipher } from '../cipher.ts';
import { type Surroundings, expandHome } from '../surroundings.ts';

const armour = '-----BEGIN AGE ENCRYPTED FILE-----';

/**
 * Files encrypted with age, binary or armoured. The identity is `PROVISIONING_KAGE` (a file, or a folder holding
 * `private_key.txt`), else the first of the search paths that exists.
 */
export function ageCipher(surroundings: Surroundings, searchPaths: readonly string[] = []): ConfigCipher {
  return {
    name: 'age',
    detect: (bytes) => {
      const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 40)).toString(
        'latin1',
      );
      return head.startsWith(armour) || head.startsWith('age-encryption.org/');
    },
    async decrypt(bytes) {
      const { Decrypter, armor } = await import('age-encryption');
      const decrypter = new Decrypter();
      for (const identity of await identities(surroundings, searchPaths)) decrypter.addIdentity(identity);
      const text = Buffer.from(bytes).toString('latin1');
      return decrypter.decrypt(text.startsWith(armour) ? armor.decode(text) : bytes);
    },
    describe: (bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      return { format: 'age', armored: text.startsWith(armour) };
    },
  };
}

/** Secret keys of an identity file, comments left out. @throws Error naming where a key was looked for */
async function identities(surroundings: Surroundings, searchPaths: readonly string[]): Promise<string[]> {
  const named = surroundings.env['PROVISIONING_KAGE'];
  const candidates = [...(named === undefined || named === '' ? [] : [named]), ...searchPaths].map((file) =>
    expandHome(file, surroundings.home),
  );
  for (const candidate of candidates) {
    const found = await stat(candidate).catch(() => undefined);
    if (found === undefined) continue;
    const file = found.isDirectory() ? path.join(candidate, 'private_key.txt') : candidate;
    const keys = (await readFile(file, 'utf8'))
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('AGE-SECRET-KEY-'));
    if (keys.length > 0) return keys;
  }
  throw new Error(`no age key found (looked in: ${candidates.join(', ') || 'PROVISIONING_KAGE is not set'})`);
}

/** Encrypts for recipients, armoured; for tests and `config encrypt`. */
export async function encryptAge(plain: string, recipients: readonly string[]): Promise<string> {
  const { Encrypter, armor } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(plain));
}
