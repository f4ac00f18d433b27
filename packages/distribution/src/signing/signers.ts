import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { OciSettings, SignerIdentity } from '../settings/oci-settings.ts';
import { keyId, noTrustedKeys, readTrustedKeys } from './keys.ts';
import { allowedKeys } from './policy.ts';

export type TrustSettings = Pick<
  OciSettings['signing'],
  'tool' | 'publicKeys' | 'identities' | 'allowedSigners'
>;

/** One whose signature counts, as another program is told of it. */
export interface TrustedSigner {
  /** Id of the key, or subject of the identity: what `oci.signing.allowed_signers` names. */
  readonly id: string;
  /** PEM files: the public key of cosign, the certificates of notation. */
  readonly files: readonly string[];
  readonly identity?: SignerIdentity;
}

/**
 * Those who may sign what a reference names, keys and identities of the configuration (09 §8).
 * @throws ProvisioningError `NO_TRUSTED_KEYS`, `INVALID_KEY`, exit 3.
 */
export async function trustedSigners(
  { tool, publicKeys, identities, allowedSigners }: TrustSettings,
  reference: string,
): Promise<readonly TrustedSigner[]> {
  // Notation trusts nobody without a certificate at the root; cosign's identities stand for themselves.
  if (publicKeys.length === 0 && (identities.length === 0 || tool === 'notation')) throw noTrustedKeys();
  const named = identities.map((identity) => ({
    id: identity.subject,
    files: tool === 'notation' ? publicKeys : [],
    identity,
  }));
  const keys =
    tool === 'notation'
      ? named.length > 0
        ? []
        : await Promise.all(publicKeys.map(certificateSigner))
      : publicKeys.length === 0
        ? []
        : (await readTrustedKeys(publicKeys)).map(({ id, file }) => ({ id, files: [file] }));
  return allowedKeys([...keys, ...named], reference, allowedSigners);
}

async function certificateSigner(file: string): Promise<TrustedSigner> {
  try {
    const { publicKey } = new X509Certificate(await readFile(file));
    return { id: keyId(publicKey), files: [file] };
  } catch (error) {
    throw new ProvisioningError({
      code: 'INVALID_KEY',
      kind: 'configuration',
      message: `${file}: not a certificate that can be read`,
      location: { file },
      hint: 'with oci.signing.tool = notation, oci.signing.public_keys names certificates (PEM)',
      cause: error,
    });
  }
}
