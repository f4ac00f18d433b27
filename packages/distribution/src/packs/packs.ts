import { writeFileAtomic } from '@provisioning/core';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { collectFiles, packageFiles } from '../archive/collect.ts';
import { writeTar } from '../archive/tar-writer.ts';
import type { PackageKind } from '../extension/kind.ts';

/** Names of the kinds in pack files (09 §11). */
export const shortKinds: Readonly<Record<PackageKind, string>> = {
  provider: 'prov',
  taskserv: 'taskserv',
  cluster: 'cluster',
};

/** What stands beside a pack (S:30640-30651, 09 §11). */
export interface PackMetadata {
  readonly name: string;
  readonly version: string;
  readonly package_file: string;
  readonly created: string;
  readonly maintainer: string;
  readonly repository: string;
  readonly license: string;
  readonly homepage: string;
  readonly sha256: string;
  readonly signature: string | null;
}

export interface PackInput {
  readonly folder: string;
  /** `core` is the program itself; `manifest` is then its `package.json`. */
  readonly kind: PackageKind | 'core';
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Default: that of the manifest. */
  readonly version?: string;
  readonly output: string;
  /** `[distribution.metadata]` of the configuration; used where the manifest says nothing. */
  readonly defaults?: Partial<Pick<PackMetadata, 'maintainer' | 'repository' | 'license' | 'homepage'>>;
  readonly now: () => Date;
  readonly check?: boolean;
}

export interface PackResult {
  readonly path: string;
  readonly metadataPath: string;
  readonly metadata: PackMetadata;
  readonly state: 'created' | 'unchanged' | 'would-create';
}

/** What the program is made of where it is installed (06 §10.2). */
const coreFiles = ['package.json', 'bin/**', 'dist/**', 'README.md', 'CHANGELOG.md', 'LICENSE'];

/** Name and file names of a pack. */
function namesOf(
  { kind, manifest }: PackInput,
  version: string,
): { name: string; file: string; metadata: string } {
  if (kind === 'core')
    return { name: 'provisioning', file: `provisioning_${version}.tar`, metadata: 'provisioning_core.json' };
  const name = String(manifest['name']);
  const stem = `${name}_${shortKinds[kind]}`;
  return { name, file: `${stem}_${version}.tar`, metadata: `${stem}.json` };
}

/**
 * Writes an extension, or the program itself, as an immutable archive with its metadata (09 §11).
 * @throws ProvisioningError `PACK_EXISTS` when the version is there with other content; `INVALID_VERSION`, exit 2.
 */
export async function packOne(input: PackInput): Promise<PackResult> {
  const { manifest, kind, output } = input;
  const version = input.version ?? String(manifest['version']);
  if (semver.valid(version) === null) {
    throw new ProvisioningError({
      code: 'INVALID_VERSION',
      kind: 'usage',
      message: `${version} is no version: expected MAJOR.MINOR.PATCH`,
    });
  }
  const { name, file, metadata: metadataFile } = namesOf(input, version);
  const chosen = kind === 'core' ? { include: coreFiles } : packageFiles(manifest);
  const archive = writeTar(collectFiles(input.folder, chosen));
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const path = join(output, file);
  const metadataPath = join(output, metadataFile);
  const before = await readFile(path).catch(() => undefined);
  const said = (key: string, fallback: string | undefined): string => {
    const value = manifest[key];
    return typeof value === 'string' ? value : (fallback ?? '');
  };
  const metadata: PackMetadata = {
    name,
    version,
    package_file: file,
    created: input.now().toISOString(),
    maintainer: said('author', input.defaults?.maintainer),
    repository: said('repository', input.defaults?.repository),
    license: said('license', input.defaults?.license),
    homepage: said('homepage', input.defaults?.homepage),
    sha256,
    signature: null,
  };
  if (before !== undefined) {
    if (createHash('sha256').update(before).digest('hex') === sha256) {
      const described = await stat(metadataPath).catch(() => undefined);
      if (described === undefined && input.check !== true) await writeMetadata(metadataPath, metadata);
      return { path, metadataPath, metadata, state: 'unchanged' };
    }
    throw new ProvisioningError({
      code: 'PACK_EXISTS',
      kind: 'conflict',
      message: `Package ${name} ${version} already exists with different content`,
      hint: 'raise the version, or remove the old pack with "pack clean"',
    });
  }
  if (input.check === true) return { path, metadataPath, metadata, state: 'would-create' };
  await mkdir(output, { recursive: true });
  await writeFileAtomic(path, archive, 0o644);
  await writeMetadata(metadataPath, metadata);
  return { path, metadataPath, metadata, state: 'created' };
}

async function writeMetadata(path: string, metadata: PackMetadata): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(metadata, null, 2)}\n`, 0o644);
}

export interface ListedPack {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly size: number;
  readonly created: string;
}

/** Packs of a folder, by name and newest version first. */
export async function listPacks(folder: string): Promise<readonly ListedPack[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const found: ListedPack[] = [];
  for (const file of names) {
    const match = /^(.+?_(?:prov|taskserv|cluster)|provisioning)_(\d+\.\d+\.\d+.*)\.tar$/.exec(file);
    if (match === null || semver.valid(match[2]!) === null) continue;
    const details = await stat(join(folder, file));
    found.push({
      name: match[1]!,
      version: match[2]!,
      file,
      size: details.size,
      created: details.mtime.toISOString(),
    });
  }
  return found.sort((a, b) =>
    a.name === b.name ? semver.rcompare(a.version, b.version) : a.name < b.name ? -1 : 1,
  );
}

/**
 * Removes old packs: all but the newest of each name (09 §11).
 * @param pinned `name version` pairs that workspaces use and that stay.
 */
export async function cleanPacks(
  folder: string,
  options: {
    readonly keepLatest?: number;
    readonly dryRun?: boolean;
    readonly pinned?: ReadonlySet<string>;
  } = {},
): Promise<readonly ListedPack[]> {
  const seen = new Map<string, number>();
  const removed: ListedPack[] = [];
  for (const pack of await listPacks(folder)) {
    const position = seen.get(pack.name) ?? 0;
    seen.set(pack.name, position + 1);
    if (position < (options.keepLatest ?? 3) || options.pinned?.has(`${pack.name} ${pack.version}`) === true)
      continue;
    removed.push(pack);
    if (options.dryRun !== true) {
      await rm(join(folder, pack.file), { force: true });
      await rm(join(folder, `${pack.file}.sig`), { force: true });
    }
  }
  return removed;
}
