import type { PackageKind, PackageManifest } from '@provisioning/distribution';
import semver from 'semver';
import type { Backend, BackendExtension, BackendKind, BackendVersion } from '../backends/backend.ts';

/** An extension as the API shows it (10 §3). */
export interface ExtensionRecord {
  readonly name: string;
  readonly type: PackageKind;
  readonly version: string;
  readonly description: string;
  readonly category?: string;
  readonly tags: readonly string[];
  readonly prerelease: boolean;
  readonly published_at?: string;
  readonly size?: number;
  readonly digest?: string;
  readonly channel: string;
  readonly backend: { readonly id: string; readonly kind: BackendKind };
  readonly available_in: readonly string[];
  readonly download_url: string;
  readonly [more: string]: unknown;
}

export interface VersionRecord extends BackendVersion {
  readonly backend: { readonly id: string; readonly kind: BackendKind };
  readonly available_in: readonly string[];
  readonly download_url: string;
}

/** Path below the service at which a package is downloaded. */
export function urlOf(type: PackageKind, name: string, version: string): string {
  return `/api/v1/extensions/${type}/${name}/${version}`;
}

/** Order of names and kinds. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newest version of an extension in one backend, `undefined` when only pre-releases are there and not asked for. */
export function recordOf(
  backend: Backend,
  extension: BackendExtension,
  prerelease: boolean,
): ExtensionRecord | undefined {
  const candidates = extension.versions.filter((version) => prerelease || !version.prerelease);
  const newest = [...candidates].sort((a, b) => semver.rcompare(a.version, b.version))[0];
  if (newest === undefined) return undefined;
  const { type, name, description, tags, category, manifest } = extension;
  const record = {
    name,
    type,
    description,
    tags,
    ...(category === undefined ? {} : { category }),
    ...newest,
    channel: backend.channel,
    backend: { id: backend.id, kind: backend.kind },
    available_in: [],
    download_url: urlOf(type, name, newest.version),
  };
  return withManifest(record, manifest?.version === newest.version ? manifest : undefined);
}

/** What the manifest says, on top of what the backend says. */
export function withManifest(
  record: ExtensionRecord,
  manifest: PackageManifest | undefined,
): ExtensionRecord {
  if (manifest === undefined) return { ...record, platforms: [], dependencies: {} };
  const {
    author,
    license,
    homepage,
    repository,
    category,
    platforms,
    dependencies,
    min_provisioning_version,
    incomplete,
  } = manifest;
  const more = { author, license, homepage, repository, category, min_provisioning_version, incomplete };
  const present = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
  return {
    ...record,
    ...present,
    description: manifest.description || record.description,
    tags: manifest.tags ?? record.tags,
    platforms: platforms ?? [],
    dependencies: dependencies ?? {},
  };
}

/** A version that was asked for by its number. */
export function versionRecord(
  backend: Backend,
  type: PackageKind,
  name: string,
  manifest: PackageManifest,
): ExtensionRecord {
  const { id, kind, channel } = backend;
  const { version } = manifest;
  return withManifest(
    {
      name,
      type,
      version,
      description: manifest.description ?? '',
      tags: manifest.tags ?? [],
      prerelease: semver.prerelease(version) !== null,
      channel,
      backend: { id, kind },
      available_in: [id],
      download_url: urlOf(type, name, version),
    },
    manifest,
  );
}
