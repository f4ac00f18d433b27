import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { RemoteRepository } from '../remote/repository.ts';
import type { LayoutRepository } from '../layout/layout.ts';
import { needVersion } from './listing.ts';
import type { ArtifactSession, Located } from './session.ts';

/**
 * Deletes a tag (09 §7 `oci delete`). Many registries delete only whole manifests; where other tags share one, that is
 * refused without `force`.
 * @throws ProvisioningError `SHARED_MANIFEST`, `DELETION_UNSUPPORTED`, exit 1.
 */
export async function deleteArtifact(
  session: ArtifactSession,
  reference: string,
  options: { readonly force?: boolean; readonly check?: boolean } = {},
): Promise<{ readonly reference: string; readonly digest: string; readonly deleted: boolean }> {
  needVersion(reference);
  const located = await session.locate(reference);
  const target = located.place.target(located.repository) as RemoteRepository | LayoutRepository;
  const root = await target.resolve(located.reference, session.call);
  const result = { reference: located.full, digest: root.digest };
  if (options.check === true) return { ...result, deleted: false };
  if (!located.reference.includes(':') && (await untagged(session, target, located)))
    return { ...result, deleted: true };
  const sharing = await sharingTags(session, target, located, root.digest);
  if (sharing.length > 0 && options.force !== true) {
    throw new ProvisioningError({
      code: 'SHARED_MANIFEST',
      kind: 'conflict',
      message: `${located.full} shares its content with ${sharing.join(', ')}`,
      hint: 'this registry deletes content with all its tags; use --force to delete them all',
    });
  }
  try {
    await target.delete(root, session.call);
  } catch (error) {
    throw isUnsupported(error) ? deletionUnsupported(located) : error;
  }
  return { ...result, deleted: true };
}

async function untagged(
  session: ArtifactSession,
  target: RemoteRepository | LayoutRepository,
  located: Located,
): Promise<boolean> {
  try {
    await target.untag(located.reference, session.call);
    return true;
  } catch (error) {
    if (isUnsupported(error)) return false;
    throw error;
  }
}

function isUnsupported(error: unknown): boolean {
  const status =
    error instanceof ProvisioningError
      ? (error.details as { status?: number } | undefined)?.status
      : undefined;
  return status === 405 || status === 400;
}

async function sharingTags(
  session: ArtifactSession,
  target: RemoteRepository | LayoutRepository,
  located: Located,
  digest: string,
): Promise<readonly string[]> {
  const shared: string[] = [];
  for (const tag of await target.tags(session.call)) {
    if (tag === located.reference || tag.startsWith('sha256-')) continue;
    if ((await target.resolve(tag, session.call)).digest === digest) shared.push(tag);
  }
  return shared;
}

function deletionUnsupported(located: Located): ProvisioningError {
  return new ProvisioningError({
    code: 'DELETION_UNSUPPORTED',
    message: 'Registry does not allow deletion',
    hint: `enable it in the configuration of ${located.place.name}`,
  });
}
