import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { unpack } from '../archive/unpack.ts';
import type { ImageLayout } from '../layout/layout.ts';
import { tarHeader, tarPadding } from '../archive/tar-writer.ts';
import type { Place } from './places.ts';
import { LayoutPlace } from './places.ts';
import type { ArtifactSession } from './session.ts';
import { copyWithSignatures, mirrorArtifacts, planTransfer, type Transfer } from './transfer.ts';
import { mapLimited } from './listing.ts';

/** Bundles carry what fits on a disk, not what fits into memory. */
const bundleBytes = 1024 ** 4;
const bundleEntries = 2_000_000;

/**
 * Writes artifacts with their signatures into one file: a tar of an OCI image layout, which `skopeo` and `oras` read too
 * (09 §9 "Air-gapped"). Equal artifacts give an equal file.
 * @param options.images of the platform services, which go into the namespace of those.
 * @param options.check say what would go into it, write nothing.
 */
export async function exportBundle(
  session: ArtifactSession,
  file: string,
  references: readonly string[],
  options: { readonly images?: readonly string[]; readonly check?: boolean } = {},
): Promise<readonly Transfer[]> {
  const target = resolve(file);
  const { images = [], check = false } = options;
  const { extensions, platform } = session.settings.namespaces;
  const gather = async (place: LayoutPlace): Promise<readonly Transfer[]> => [
    ...(await mirrorArtifacts(session, { place, namespace: extensions }, { references, check })),
    ...(await mirrorArtifacts(session, { place, namespace: platform }, { references: images, check })),
  ];
  if (await isFolder(target)) throw wantsFile(target);
  if (check) return gather(new LayoutPlace(target));
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), '.export-'));
  try {
    const layout = new LayoutPlace(join(folder, 'layout'));
    const transfers = await gather(layout);
    if (transfers.some(({ state }) => state === 'failed')) return transfers;
    await sortIndex(layout.layout);
    await pipeline(
      Readable.from(tarOf(join(folder, 'layout'))),
      createWriteStream(join(folder, 'bundle.tar')),
    );
    await rename(join(folder, 'bundle.tar'), target);
    return transfers.map((one) => ({ ...one, to: one.to.replace(`${layout.name}/`, '') }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The order of entries is that of arrival; sorted, it does not tell which transfer was faster. */
function sortIndex(layout: ImageLayout): Promise<void> {
  const key = (entry: {
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }): string => `${Object.values(entry.annotations ?? {}).join()} ${entry.digest}`;
  return layout.index.update((entries) => [...entries].sort((a, b) => (key(a) < key(b) ? -1 : 1)));
}

async function* tarOf(folder: string): AsyncGenerator<Uint8Array> {
  const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll('\\', '/')).sort();
  for (const name of names) {
    const details = await stat(join(folder, name));
    if (!details.isFile() || name.split('/').some((part) => part.startsWith('.') || part === 'partial'))
      continue;
    yield tarHeader(name, details.size);
    yield* createReadStream(join(folder, name), { highWaterMark: 256 * 1024 });
    yield tarPadding(details.size);
  }
  yield Buffer.alloc(1024);
}

/**
 * Reads a bundle into the cache, or copies its artifacts into a registry. Digests stay equal, so a lock file stays valid.
 * @param to a registry, and one namespace for everything where it is given; the cache when absent.
 * @param check compare only, change nothing.
 */
export async function importBundle(
  session: ArtifactSession,
  file: string,
  to?: { readonly place: Place; readonly namespace?: string },
  check = false,
): Promise<readonly Transfer[]> {
  const { extensions, platform } = session.settings.namespaces;
  await using bundle = await openBundle(file);
  // Not beside the bundle: that may lie on a medium that cannot be written.
  await mkdir(session.settings.cacheFolder, { recursive: true });
  const scratch = await mkdtemp(join(session.settings.cacheFolder, '.import-'));
  try {
    const folder = join(scratch, 'layout');
    await unpack(bundle.createReadStream({ autoClose: false }), folder, {
      bytes: bundleBytes,
      entries: bundleEntries,
      ...session.call,
    });
    if (!(await exists(join(folder, 'index.json')))) throw noBundle(file);
    const layout = new LayoutPlace(folder);
    const artifacts = await entriesOf(layout);
    return await mapLimited(artifacts, session.settings.concurrency, async ({ repository, tag }) => {
      const name = repository.slice(repository.lastIndexOf('/') + 1);
      const own = repository.startsWith(`${platform}/`) ? platform : extensions;
      const target = to === undefined ? undefined : `${to.namespace ?? own}/${name}`;
      const shown =
        to === undefined ? `${session.settings.registry}/${repository}` : `${to.place.name}/${target!}`;
      try {
        const source = layout.source(repository);
        const place = to === undefined ? cacheTarget(session, shown) : to.place.target(target!);
        if (check) {
          const planned = await planTransfer(source, tag, place, tag, session.call);
          return { from: `${repository}:${tag}`, to: `${shown}:${tag}`, ...planned };
        }
        const { root, bytes } = await copyWithSignatures(session, source, tag, place, tag, true);
        if (to === undefined) session.cache.remember(`${shown}:${tag}`, root);
        return {
          from: `${repository}:${tag}`,
          to: `${shown}:${tag}`,
          digest: root.digest,
          bytes,
          state: bytes > 0 ? 'copied' : 'present',
        };
      } catch (error) {
        if (session.call.signal?.aborted === true) throw error;
        return {
          from: `${repository}:${tag}`,
          to: `${shown}:${tag}`,
          bytes: 0,
          state: 'failed',
          error: (error as Error).message,
        };
      }
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function openBundle(file: string): Promise<FileHandle> {
  if (await isFolder(file)) throw wantsFile(file);
  try {
    return await open(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ProvisioningError({
      code: 'PATH_NOT_FOUND',
      kind: 'not-found',
      message: `${file} does not exist`,
      hint: 'name a bundle made by "oci export"',
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function wantsFile(path: string): ProvisioningError {
  return new ProvisioningError({
    code: 'PATH_IS_FOLDER',
    message: `${path} is a folder, and a bundle is a file`,
    hint: 'name a file, such as bundle.tar; a folder with an OCI image layout is read and written as layout:<folder>',
  });
}

function noBundle(file: string): ProvisioningError {
  return new ProvisioningError({
    code: 'NOT_A_BUNDLE',
    message: `${file} is no bundle: it holds no OCI image layout (index.json)`,
    hint: 'name a bundle made by "oci export"; an archive of one extension is pushed by "oci push"',
  });
}

/** The cache's layout holds an imported repository under the full name it is asked for later. */
function cacheTarget(session: ArtifactSession, name: string) {
  return session.cache.layout.repository(name);
}

async function entriesOf(
  layout: LayoutPlace,
): Promise<readonly { readonly repository: string; readonly tag: string }[]> {
  const found: { repository: string; tag: string }[] = [];
  for (const repository of await layout.layout.repositories()) {
    for (const tag of await layout.source(repository).tags()) {
      if (!/^sha(?:256|512)-/.test(tag)) found.push({ repository, tag });
    }
  }
  return found;
}
