import path from 'node:path';
import type { ConfigCipher } from '../cipher.ts';
import { type Surroundings, userDirectories } from '../surroundings.ts';
import { ageCipher, identities } from './age.ts';
import { sopsCipher } from './sops.ts';

export { ageCipher, ageRecipients, encryptAge } from './age.ts';
export { sopsCipher } from './sops.ts';

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
