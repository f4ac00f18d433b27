import { writeFileAtomic } from '@provisioning/core';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { listArtifacts, mapLimited } from '../artifacts/listing.ts';
import { readPackageArchive } from '../artifacts/push.ts';
import { type ArtifactSession, tagsOrNone } from '../artifacts/session.ts';
import { kindFolder } from '../extension/kind.ts';
import { annotations } from '../extension/media-types.ts';
import type { ExtensionPackage } from '../extension/pack.ts';
import type { PackageManifest } from '../extension/package-manifest.ts';
import { readExtension } from '../extension/read.ts';
import { readAll } from '../oci/content.ts';
import { tagToVersion } from '../oci/reference.ts';
import { signatureFile } from '../signing/blob.ts';
import { readSigningKey } from '../signing/keys.ts';
import type { IndexExtension, IndexVersion, StaticIndex } from './format.ts';

export interface BuildIndexOptions {
  /** Folder with `*.tar.gz`, instead of the registry of the session. */
  readonly packages?: string;
  /** Address of the folder with the packages; default relative to the index. */
  readonly baseUrl?: string;
  readonly channel: string;
  readonly sign: boolean;
  readonly keyFile?: string;
  readonly check: boolean;
  readonly now: Date;
}

/** A package that goes into the index. */
interface Entry {
  readonly packed: ExtensionPackage;
  readonly publishedAt?: string;
}

/**
 * Writes a static index (10 §7): `index.json`, `catalog/<kinds>/<name>.json`, the packages, `checksums.txt`, and a
 * signature of the index. `index.json` comes last, so that a reader never finds a package missing.
 * @throws ProvisioningError `NO_SIGNING_KEY`, exit 3; `VERSION_EXISTS`, exit 1, for one version with two contents.
 */
export async function buildIndex(
  session: ArtifactSession,
  folder: string,
  options: BuildIndexOptions,
): Promise<{ readonly extensions: number; readonly versions: number }> {
  const key = options.sign ? await signingKey(session, options.keyFile) : undefined;
  const entries =
    options.packages === undefined ? await fromRegistry(session) : await fromFolder(options.packages);
  const index = indexOf(entries, options);
  const versions = index.extensions.reduce((sum, one) => sum + one.versions.length, 0);
  const result = { extensions: index.extensions.length, versions };
  if (options.check) return result;
  const checksums: string[] = [];
  for (const { packed } of entries) {
    const path = packagePath(packed);
    await write(folder, path, packed.archive);
    checksums.push(`${packed.digest.slice('sha256:'.length)}  ${path}`);
  }
  for (const extension of index.extensions) {
    const manifests = entries
      .map(({ packed }) => packed.manifest)
      .filter(({ type, name }) => type === extension.type && name === extension.name);
    const path = `catalog/${kindFolder(extension.type)}/${extension.name}.json`;
    await write(folder, path, json({ ...extension, versions: detailed(extension.versions, manifests) }));
  }
  await write(folder, 'checksums.txt', `${[...new Set(checksums)].sort().join('\n')}\n`);
  const text = json(index);
  if (key !== undefined) await write(folder, 'index.json.sig', signatureFile(key, Buffer.from(text)));
  await write(folder, 'index.json', text);
  return result;
}

async function signingKey(session: ArtifactSession, file: string | undefined) {
  const path = file ?? session.settings.signing.keyPath;
  if (path !== undefined) return readSigningKey(path);
  throw new ProvisioningError({
    code: 'NO_SIGNING_KEY',
    kind: 'configuration',
    message: 'No key to sign the index with is configured (oci.signing.key_path)',
    hint: 'name a key with --key',
  });
}

async function fromFolder(folder: string): Promise<readonly Entry[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.tar.gz'));
  return mapLimited(names.sort(), 4, async (name) => ({
    packed: await readPackageArchive(await readFile(join(folder, name)), name),
  }));
}

async function fromRegistry(session: ArtifactSession): Promise<readonly Entry[]> {
  const { concurrency } = session.settings;
  const found = await mapLimited(await listArtifacts(session), concurrency, async ({ namespace, name }) => {
    const source = session.place().source(`${namespace}/${name}`);
    const tags = (await tagsOrNone(source, session.call)).filter(
      (tag) => semver.valid(tagToVersion(tag)) !== null,
    );
    return mapLimited(tags, concurrency, async (tag): Promise<Entry> => {
      const stored = await readExtension(source, tag, session.call);
      const stream = await source.fetch(stored.content, session.call);
      const archive = await readAll(stream, stored.content.size, `${name}:${tag}`);
      const created = stored.manifest.annotations?.[annotations.created];
      return {
        packed: await readPackageArchive(archive, `${name}:${tag}`),
        ...(created === undefined ? {} : { publishedAt: created }),
      };
    });
  });
  return found.flat();
}

function packagePath({ manifest: { type, name, version } }: ExtensionPackage): string {
  return `packages/${kindFolder(type)}/${name}-${version}.tar.gz`;
}

function indexOf(entries: readonly Entry[], { baseUrl, channel, now }: BuildIndexOptions): StaticIndex {
  const extensions = new Map<string, IndexExtension>();
  const sorted = [...entries].sort((a, b) =>
    semver.rcompare(a.packed.manifest.version, b.packed.manifest.version),
  );
  for (const { packed, publishedAt } of sorted) {
    const { type, name, version, description = '', tags = [], category, dependencies } = packed.manifest;
    const path = packagePath(packed);
    const entry: IndexVersion = {
      version,
      url: baseUrl === undefined ? path : `${baseUrl.replace(/\/+$/, '')}/${path}`,
      sha256: packed.digest.slice('sha256:'.length),
      size: packed.archive.length,
      dependencies: dependencies ?? {},
      ...(publishedAt === undefined ? {} : { published_at: publishedAt }),
      ...(packed.manifest.min_provisioning_version === undefined
        ? {}
        : { min_provisioning_version: packed.manifest.min_provisioning_version }),
    };
    const known = extensions.get(`${type}/${name}`);
    const twin = known?.versions.find((one) => one.version === version);
    if (twin !== undefined && twin.sha256 !== entry.sha256) throw twoContents(`${type}/${name}`, version);
    if (twin !== undefined) continue;
    const stable = semver.prerelease(version) === null;
    // The newest comes first and says what the extension is; a stable version is the latest before any pre-release.
    const latest =
      known === undefined || (stable && semver.prerelease(known.latest) !== null) ? version : known.latest;
    const facts = { name, type, description, tags, channel, ...(category === undefined ? {} : { category }) };
    const versions = [...(known?.versions ?? []), entry];
    extensions.set(`${type}/${name}`, { ...(known ?? facts), latest, versions });
  }
  const keys = [...extensions.keys()].sort();
  const list = keys.map((each) => extensions.get(each)!);
  return { version: 1, generated_at: now.toISOString(), extensions: list };
}

function detailed(versions: readonly IndexVersion[], manifests: readonly PackageManifest[]) {
  return versions.map((one) => ({
    ...manifests.find(({ version }) => version === one.version),
    ...one,
  }));
}

async function write(folder: string, path: string, content: string | Buffer): Promise<void> {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFileAtomic(file, content, 0o644);
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function twoContents(name: string, version: string): ProvisioningError {
  return new ProvisioningError({
    code: 'VERSION_EXISTS',
    kind: 'conflict',
    message: `${name} ${version} is there twice with different content`,
    hint: 'leave one of the two packages',
  });
}
