import type { OciSettings } from '../settings/oci-settings.ts';
import { findSigner, readTrustedKeys, type SigningKey, signBytes } from './keys.ts';
import { signatureInvalid, unsigned } from './policy.ts';

/** What a check needs of the command it belongs to: an `ArtifactSession`. */
export interface CheckPlace {
  readonly settings: Pick<OciSettings, 'signing'>;
  warn(message: string): void;
}

/** A signature file as `cosign sign-blob` writes it: base64 of the signature over the bytes. */
export function signatureFile(key: SigningKey, bytes: Uint8Array): string {
  return `${signBytes(key, bytes).toString('base64')}\n`;
}

/**
 * Lets a file that lies outside registries pass the signature policy of the session; its signature is a file beside it.
 * @param signature fetches that file; `undefined` when there is none.
 * @returns id of the key that signed it.
 * @throws ProvisioningError `UNSIGNED_ARTIFACT`, `SIGNATURE_INVALID`, exit 4; `NO_TRUSTED_KEYS`, exit 3.
 */
export async function checkBlob(
  place: CheckPlace,
  bytes: Uint8Array,
  reference: string,
  signature: () => Promise<Uint8Array | undefined>,
): Promise<string | undefined> {
  const { policy, publicKeys } = place.settings.signing;
  if (policy === 'off') return undefined;
  const keys = await readTrustedKeys(publicKeys);
  const found = await signature();
  if (found === undefined) {
    if (policy === 'require') throw unsigned(reference);
    place.warn(`${reference} is not signed`);
    return undefined;
  }
  const signer = findSigner(keys, bytes, Buffer.from(Buffer.from(found).toString('latin1'), 'base64'));
  if (signer === undefined) throw signatureInvalid(reference, 'no trusted key made the signature');
  return signer.id;
}
