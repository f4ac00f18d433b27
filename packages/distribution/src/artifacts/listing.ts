import { ProvisioningError } from '@provisioning/extensions-sdk';
import { globToRegExp } from '../archive/glob.ts';
import type { PackageKind } from '../extension/kind.ts';
import { annotations, artifactTypes } from '../extension/media-types.ts';
import type { PackageManifest } from '../extension/package-manifest.ts';
import { readExtension } from '../extension/read.ts';
import { fetchBytes, fetchManifest } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Manifest } from '../oci/manifest.ts';
import { chooseTag, sortTags } from './artifact-name.ts';
import type { ArtifactSession } from './session.ts';

export interface ListedArtifact {
  readonly name: string;
  readonly registry: string;
  readonly namespace: string;
  readonly reference: string;
}

/** Runs work over items, a few at a time, keeping their order. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** Extensions of the namespace (09 §7 `oci list`). */
export async function listArtifacts(
  session: ArtifactSession,
  options: { readonly type?: PackageKind } = {},
): Promise<readonly ListedArtifact[]> {
  const namespace = session.settings.namespaces.extensions;
  const place = session.place();
  const repositories = await place.repositories(namespace, session.call);
  const kept = options.type === undefined ? repositories : await ofKind(session, repositories, options.type);
  return kept.map((repository) => ({
    name: repository.slice(namespace.length + 1),
    registry: place.name,
    namespace,
    reference: `${place.name}/${repository}`,
  }));
}

async function ofKind(
  session: ArtifactSession,
  repositories: readonly string[],
  type: PackageKind,
): Promise<string[]> {
  const kinds = await mapLimited(repositories, session.settings.concurrency, async (repository) => {
    const newest = await newestManifest(session, repository);
    return newest?.annotations?.[annotations.kind];
  });
  return repositories.filter((_, index) => kinds[index] === type);
}

async function newestManifest(session: ArtifactSession, repository: string): Promise<Manifest | undefined> {
  const source = session.place().source(repository);
  const tags = await source.tags(session.call).catch(() => []);
  const tag = chooseTag(tags, {}) ?? sortTags(tags)[0];
  if (tag === undefined) return undefined;
  const manifest = await fetchManifest(source, await source.resolve(tag, session.call), session.call);
  return manifest.kind === 'manifest' ? manifest : undefined;
}

export interface FoundArtifact {
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly description: string;
  readonly reference: string;
}

/** Substring of name, description and tags, or a glob over names (09 §7 `oci search`). */
export async function searchArtifacts(
  session: ArtifactSession,
  query: string,
  options: { readonly type?: PackageKind; readonly limit?: number } = {},
): Promise<readonly FoundArtifact[]> {
  const namespace = session.settings.namespaces.extensions;
  const place = session.place();
  const repositories = await place.repositories(namespace, session.call);
  const glob = /[*?[]/.test(query) ? globToRegExp(query) : undefined;
  const wanted = query.toLowerCase();
  const named = (repository: string): string => repository.slice(namespace.length + 1);
  const candidates =
    glob === undefined ? repositories : repositories.filter((repository) => glob.test(named(repository)));
  const found = await mapLimited(candidates, session.settings.concurrency, async (repository) => {
    const manifest = await newestManifest(session, repository);
    const notes = manifest?.annotations ?? {};
    const artifact: FoundArtifact = {
      name: named(repository),
      type: notes[annotations.kind] ?? '',
      version: notes[annotations.version] ?? '',
      description: notes[annotations.description] ?? '',
      reference: `${place.name}/${repository}`,
    };
    const text = `${artifact.name}\n${artifact.description}\n${notes[annotations.tags] ?? ''}`.toLowerCase();
    const matches = glob !== undefined || text.includes(wanted);
    return matches && (options.type === undefined || artifact.type === options.type) ? artifact : undefined;
  });
  return found.filter((artifact) => artifact !== undefined).slice(0, options.limit ?? 50);
}

export interface ListedTag {
  readonly artifact: string;
  readonly version: string;
  readonly reference: string;
}

/** Versions of an artifact, newest first (09 §7 `oci tags`). */
export async function listTags(
  session: ArtifactSession,
  name: string,
  options: { readonly limit?: number } = {},
): Promise<readonly ListedTag[]> {
  const located = await session.locate(name);
  const tags = sortTags(await located.place.source(located.repository).tags(session.call));
  const artifact = located.repository.slice(located.repository.lastIndexOf('/') + 1);
  return tags.slice(0, options.limit ?? tags.length).map((tag) => ({
    artifact,
    version: tag,
    reference: `${located.place.name}/${located.repository}:${tag}`,
  }));
}

export interface Inspection {
  readonly reference: string;
  readonly digest: string;
  readonly size: number;
  /** `manifest.yaml` of an extension; the OCI manifest of anything else, and with `raw`. */
  readonly manifest: PackageManifest | Manifest | Readonly<Record<string, unknown>>;
  readonly referrers: readonly Descriptor[];
}

/** What an artifact is, without its content (09 §7 `oci inspect`). */
export async function inspectArtifact(
  session: ArtifactSession,
  reference: string,
  options: { readonly raw?: boolean } = {},
): Promise<Inspection> {
  const located = await session.locate(reference);
  const source = located.place.source(located.repository);
  const root = await source.resolve(located.reference, session.call);
  const manifest = await fetchManifest(source, root, session.call);
  const base = { reference: located.full, digest: root.digest, size: root.size };
  if (options.raw === true) {
    const document = JSON.parse((await fetchBytes(source, root, session.call)).toString('utf8')) as Record<
      string,
      unknown
    >;
    return { ...base, manifest: document, referrers: await source.referrers(root, session.call) };
  }
  if (
    manifest.kind === 'manifest' &&
    (manifest.artifactType ?? artifactTypes.extension) !== artifactTypes.extension
  ) {
    return { ...base, manifest, referrers: [] };
  }
  const stored = await readExtension(source, located.reference, session.call);
  return { ...base, manifest: stored.package, referrers: [] };
}

/** Refuses a reference that has no version where one is needed. */
export function needVersion(reference: string): void {
  if (/:[^/]+$|@/.test(reference)) return;
  throw new ProvisioningError({
    code: 'VERSION_REQUIRED',
    kind: 'usage',
    message: `${reference} names no version`,
    hint: `write ${reference}:<version>`,
  });
}
