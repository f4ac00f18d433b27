import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrustedSigner } from './signers.ts';

/**
 * Writes notation's configuration for one check: a trust store with the certificates of a signer, and a trust policy
 * that accepts that signer alone. What the user's own notation trusts does not count.
 * @returns variables that make notation read it.
 */
export async function trustFolder(
  folder: string,
  { files, identity }: TrustedSigner,
): Promise<Readonly<Record<string, string>>> {
  const home = process.platform === 'darwin' ? join(folder, 'Library', 'Application Support') : folder;
  const store = join(home, 'notation', 'truststore', 'x509', 'ca', 'provisioning');
  await mkdir(store, { recursive: true });
  for (const [index, file] of files.entries()) await copyFile(file, join(store, `${index}.pem`));
  const policy = {
    version: '1.0',
    trustPolicies: [
      {
        name: 'provisioning',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:provisioning'],
        trustedIdentities: [identity === undefined ? '*' : `x509.subject: ${identity.subject}`],
      },
    ],
  };
  await writeFile(join(home, 'notation', 'trustpolicy.json'), JSON.stringify(policy), { mode: 0o600 });
  return { XDG_CONFIG_HOME: folder, HOME: folder, APPDATA: folder };
}
