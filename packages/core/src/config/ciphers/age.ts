import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ConfigCipher } from '../cipher.ts';
import type { Surroundings } from '../surroundings.ts';
import { ageKeyFiles } from './key-files.ts';

const armour = '-----BEGIN AGE ENCRYPTED FILE-----';

/** Files encrypted with age, binary or armoured, with the key that `ageKeyFiles` finds first. */
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

/** Secret keys of the first file that holds any, comments left out. @throws Error naming where a key was looked for */
export async function identities(
  surroundings: Surroundings,
  searchPaths: readonly string[],
): Promise<string[]> {
  const files = await ageKeyFiles(surroundings, searchPaths);
  for (const { file, found } of files) {
    if (!found) continue;
    const keys = (await readFile(file, 'utf8'))
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('AGE-SECRET-KEY-'));
    if (keys.length > 0) return keys;
  }
  const places = files.map(({ file }) => file).join(', ');
  throw new Error(`no age key found (looked in: ${places || 'PROVISIONING_KAGE is not set'})`);
}

/**
 * Who may read what is encrypted here: `SOPS_AGE_RECIPIENTS`, else the owner of the identity that decrypts.
 * @throws ProvisioningError `AGE_RECIPIENTS_MISSING` (exit 3)
 */
export async function ageRecipients(
  surroundings: Surroundings,
  searchPaths: readonly string[] = [],
): Promise<string[]> {
  const named = (surroundings.env['SOPS_AGE_RECIPIENTS'] ?? '').split(',').map((name) => name.trim());
  const recipients = named.filter((name) => name !== '');
  if (recipients.length > 0) return recipients;
  const { identityToRecipient } = await import('age-encryption');
  try {
    return await Promise.all(
      (await identities(surroundings, searchPaths)).map((identity) => identityToRecipient(identity)),
    );
  } catch (cause) {
    throw new ProvisioningError({
      code: 'AGE_RECIPIENTS_MISSING',
      kind: 'configuration',
      message: `Nobody to encrypt for: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Set SOPS_AGE_RECIPIENTS to public keys (age1…), or PROVISIONING_KAGE to your key.',
      cause,
    });
  }
}

/** Encrypts for recipients, armoured (02 §15). */
export async function encryptAge(plain: string, recipients: readonly string[]): Promise<string> {
  const { Encrypter, armor } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(plain));
}
