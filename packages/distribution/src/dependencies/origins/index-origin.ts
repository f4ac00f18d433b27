import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readPackageArchive } from '../../artifacts/push.ts';
import type { ArtifactSession } from '../../artifacts/session.ts';
import type { PackageKind } from '../../extension/kind.ts';
import type { IndexClient } from '../../static-index/client.ts';
import { emptyOrigin, expectPackage, missing, type Origin, packedCandidate } from './origin.ts';

/** Versions of an extension in a static index; withdrawn ones are no candidates (10 §7). */
export async function indexOrigin(
  session: ArtifactSession,
  client: IndexClient,
  name: string,
  kind: PackageKind,
): Promise<Origin> {
  const { extensions } = await client.read();
  const extension = extensions.find((one) => one.name === name && one.type === kind);
  if (extension === undefined) return emptyOrigin(name);
  const usable = extension.versions.filter(({ withdrawn }) => withdrawn !== true);
  return {
    versions: usable.map(({ version }) => version),
    async candidate(version) {
      const found = usable.find((one) => one.version === version);
      if (found === undefined) throw missing(name, version);
      const { signing } = session.settings;
      if (found.sha256 === undefined && signing.policy === 'require') {
        throw new ProvisioningError({
          code: 'DIGEST_REQUIRED',
          kind: 'permission',
          message: `Unsigned artifact refused: ${client.resolve(found.url)}`,
          hint: 'the index gives no digest for it',
        });
      }
      const reference = client.resolve(found.url);
      const packed = await readPackageArchive(await client.download(extension, found), reference);
      const text = found.sha256 === undefined ? reference : `${reference}#sha256=${found.sha256}`;
      const candidate = await packedCandidate(packed, text, {
        channel: extension.channel,
        // The signature of the index covers the digests in it.
        ...(signing.policy === 'require' ? { signedBy: 'index' } : {}),
      });
      expectPackage(candidate, { kind, name }, reference);
      return candidate;
    },
  };
}
