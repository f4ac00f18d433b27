import { type ArtifactSession, tagsOrNone } from '../../artifacts/session.ts';
import type { PackageKind } from '../../extension/kind.ts';
import { annotations } from '../../extension/media-types.ts';
import { readExtension } from '../../extension/read.ts';
import { isTag, tagToVersion, versionToTag } from '../../oci/reference.ts';
import type { Source } from '../../oci/target.ts';
import { type Candidate, emptyOrigin, missing, type Origin, single } from './origin.ts';

/** The versions in one repository of a registry or layout; none when it holds another kind. */
export async function repositoryOrigin(
  session: ArtifactSession,
  where: {
    readonly place?: string;
    readonly repository: string;
    readonly digest?: string;
  },
  kind?: PackageKind,
): Promise<Origin> {
  const { repository, digest } = where;
  const place = session.place(where.place);
  const channel = channelOf(session, place.name, repository);
  const source = place.source(repository);
  const read = async (reference: string): Promise<Candidate> => {
    const stored = await readExtension(source, reference, session.call);
    const sign = reference.includes(':') ? '@' : ':';
    return {
      stored,
      source,
      repository,
      reference: `${place.name}/${repository}${sign}${reference}`,
      ...(channel === undefined ? {} : { channel }),
    };
  };
  if (digest !== undefined) return single(await read(digest));
  const tags = session.settings.offline
    ? await session.cache.tagsOf(`${place.name}/${repository}`)
    : await tagsOrNone(source, session.call);
  const byVersion = new Map<string, string>();
  for (const tag of tags) {
    if (!isTag(tag)) continue;
    const version = tagToVersion(tag).replace(/^v(?=\d)/, '');
    if (/^\d+\.\d+\.\d+/.test(version) && (!byVersion.has(version) || tag === versionToTag(version)))
      byVersion.set(version, tag);
  }
  const [first] = byVersion.values();
  if (first !== undefined && kind !== undefined && !(await holds(session, source, first, kind)))
    return emptyOrigin(repository);
  return {
    versions: [...byVersion.keys()],
    candidate: (version) => {
      const tag = byVersion.get(version);
      return tag === undefined ? Promise.reject(missing(repository, version)) : read(tag);
    },
  };
}

async function holds(
  session: ArtifactSession,
  source: Source,
  tag: string,
  kind: PackageKind,
): Promise<boolean> {
  const stored = await readExtension(source, tag, session.call);
  return (stored.manifest.annotations?.[annotations.kind] ?? stored.package.type) === kind;
}

/** Channel of the named registry that a repository belongs to (09 §12). */
function channelOf(session: ArtifactSession, place: string, repository: string): string | undefined {
  return Object.values(session.settings.named).find(
    ({ url, namespace }) =>
      url.replace(/^(?:https?|oci):\/\//, '').replace(/\/+$/, '') === place &&
      (namespace === undefined || repository.startsWith(`${namespace}/`)),
  )?.channel;
}
