import type { ArtifactSession } from '../../artifacts/session.ts';
import { loadPackage, readPackageArchive } from '../../artifacts/push.ts';
import type { ExtensionReference } from '../../artifacts/artifact-name.ts';
import { fetchArchive } from '../../artifacts/download.ts';
import { type Origin, packedCandidate, single } from './origin.ts';

/** An archive behind an address: one version, as its manifest says (09 §1). */
export async function archiveOrigin(
  session: ArtifactSession,
  reference: Extract<ExtensionReference, { form: 'archive' }>,
): Promise<Origin> {
  const { url, sha256 } = reference;
  const text = sha256 === undefined ? url : `${url}#sha256=${sha256}`;
  const { bytes, signedBy } = await fetchArchive(session, url, {
    ...(sha256 === undefined ? {} : { sha256 }),
    reference: text,
  });
  const packed = await readPackageArchive(bytes, url);
  return single(
    await packedCandidate(packed, text, {
      channel: 'community',
      ...(signedBy === undefined ? {} : { signedBy }),
    }),
  );
}

/** A folder or archive on this machine: one version. */
export async function pathOrigin(path: string): Promise<Origin> {
  return single(await packedCandidate(await loadPackage(path), `file:${path}`));
}
