import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ExtensionRecord } from '../extensions/record.ts';

/** Which providers may be used (06 §5.4, S:28348-28353). */
export type ProviderProfile = 'production' | 'development';

/** Built in, but never for production: one machine's containers, and whatever a declaration reaches. */
const uncertified: ReadonlySet<string> = new Set(['local', 'rest']);

/**
 * The profile in force: the variable, then the definition's, then development.
 * @throws ProvisioningError `INVALID_PROFILE`, exit 3.
 */
export function providerProfile(variable: string | undefined, settings: unknown): ProviderProfile {
  const value = variable !== undefined && variable !== '' ? variable : settings;
  if (value === undefined || value === null || value === '') return 'development';
  if (value === 'production' || value === 'development') return value;
  throw new ProvisioningError({
    code: 'INVALID_PROFILE',
    kind: 'configuration',
    message: `Invalid profile: ${String(value)}`,
    hint: 'Profiles are production and development (PROVISIONING_PROFILE, settings.profile).',
  });
}

/** Tells which trusted key signed what is in a folder, `undefined` where none did. */
export type SignerLookup = (folder: string) => Promise<string | undefined>;

/** The trusted key that signed an extension; the product's own need none. */
export async function signerOf(
  record: Pick<ExtensionRecord, 'path' | 'builtIn'>,
  lookup: SignerLookup | undefined,
): Promise<string | undefined> {
  return record.builtIn ? undefined : lookup?.(record.path);
}

/** Certified is what the product ships for clouds and machines, and what a trusted key signed. */
export function isCertified(
  record: Pick<ExtensionRecord, 'name' | 'builtIn'>,
  signer: string | undefined,
): boolean {
  return signer !== undefined || (record.builtIn && !uncertified.has(record.name));
}

/** @throws ProvisioningError `PROVIDER_NOT_ALLOWED`, exit 4. */
export function checkProfile(profile: ProviderProfile, name: string, certified: boolean): void {
  if (profile === 'development' || certified) return;
  throw new ProvisioningError({
    code: 'PROVIDER_NOT_ALLOWED',
    kind: 'permission',
    message: `Provider '${name}' is not allowed by profile '${profile}'`,
    hint: 'Production takes certified providers only: built-in clouds, and packages whose signature by a trusted key (oci.signing.public_keys) was verified when they were installed (--verify-signature).',
  });
}
