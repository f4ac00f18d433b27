import path from 'node:path';
import type { ConfigCipher } from '../cipher.ts';
import { type Surroundings, userDirectories } from '../surroundings.ts';
import { ageCipher, ageRecipients, encryptAge, identities } from './age.ts';
import { sopsCipher } from './sops.ts';

export { ageCipher, ageRecipients, encryptAge } from './age.ts';
export { type KeyFile, ageKeyFiles } from './key-files.ts';
export { ageKeyVariable, sopsCipher } from './sops.ts';

/** Files that may hold an age identity, beside `PROVISIONING_KAGE` (04 §1). */
export function ageKeyPlaces(surroundings: Surroundings): readonly string[] {
  return [
    path.join(userDirectories(surroundings).config, 'age', 'private_key.txt'),
    path.join(surroundings.installation, 'keys', 'age.txt'),
    '~/.config/sops/age/keys.txt',
  ];
}

/** Ciphers every load knows: age with the key of the usual places, and SOPS through its binary. */
export function defaultCiphers(surroundings: Surroundings): readonly ConfigCipher[] {
  const places = ageKeyPlaces(surroundings);
  return [ageCipher(surroundings, places), sopsCipher(surroundings, places)];
}

/** Whether there is a key to decrypt with age (05 §9.6). */
export function hasAgeIdentity(surroundings: Surroundings): Promise<boolean> {
  return identities(surroundings, ageKeyPlaces(surroundings)).then(
    () => true,
    () => false,
  );
}

/** Encrypts for the reader of this machine's age key and decrypts it again. @throws Error that says why it cannot */
export async function testAgeKey(surroundings: Surroundings): Promise<void> {
  const places = ageKeyPlaces(surroundings);
  const text = 'provisioning';
  const encrypted = await encryptAge(text, await ageRecipients(surroundings, places));
  const decrypted = await ageCipher(surroundings, places).decrypt(Buffer.from(encrypted), 'test');
  if (Buffer.from(decrypted).toString() !== text) throw new Error('the key decrypted something else');
}
