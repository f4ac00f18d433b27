import path from 'node:path';
import type { ConfigCipher } from '../cipher.ts';
import type { Surroundings } from '../surroundings.ts';
import { ageCipher } from './age.ts';
import { sopsCipher } from './sops.ts';

export { ageCipher, encryptAge } from './age.ts';
export { sopsCipher } from './sops.ts';

/** Ciphers every load knows: age with the key of the usual places, and SOPS through its binary. */
export function defaultCiphers(surroundings: Surroundings): readonly ConfigCipher[] {
  const places = [path.join(surroundings.installation, 'keys', 'age.txt'), '~/.config/sops/age/keys.txt'];
  return [ageCipher(surroundings, places), sopsCipher(surroundings)];
}
