import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { unpack } from '../archive/unpack.ts';
import { writeCommandFiles } from './command-files.ts';
import type { ComponentName, Prefix } from './prefix.ts';
import { fingerprints, type InstalledComponent } from './receipt.ts';
import type { ReleaseSource } from './releases.ts';
import { parseChecksums, verifyChecksum, verifySignature } from './verify.ts';

/** A component in the version that is to be installed; `node` is the runtime below the prefix. */
export interface Wanted {
  readonly component: ComponentName | 'node';
  readonly version: string;
  /** Version of the release the file lies in. */
  readonly release: string;
  readonly file: string;
}

export interface StageOptions {
  readonly prefix: Prefix;
  readonly releases: ReleaseSource;
  readonly wanted: readonly Wanted[];
  readonly releaseKey: string | undefined;
  readonly requireSignature: boolean;
  readonly signal?: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Staged {
  /** Laid out as the prefix will be. */
  readonly tree: string;
  readonly components: Readonly<Record<string, InstalledComponent>>;
  /** True when every release was signed with the release key. */
  readonly verified: boolean;
}

/** A runtime is a hundred megabytes by itself. */
const limits = { entries: 60_000, bytes: 2 * 1024 * 1024 * 1024 };

/**
 * Downloads, verifies and unpacks components beside the installation, which is not touched. On any failure nothing is
 * left behind.
 * @throws ProvisioningError of the download, the verification or the archive.
 */
export async function stageComponents(options: StageOptions): Promise<Staged> {
  const { prefix, wanted, signal, say } = options;
  const downloads = await mkdtemp(join(tmpdir(), 'provisioning-download-'));
  try {
    const verified = await fetchAll(options, downloads);
    await rm(prefix.staging, { recursive: true, force: true });
    const tree = join(prefix.staging, 'tree');
    await mkdir(tree, { recursive: true });
    const components: Record<string, InstalledComponent> = {};
    for (const { component, version, file } of wanted) {
      say(`Unpacking ${component} ${version}`);
      const folder = join(prefix.staging, component);
      await unpack(createReadStream(join(downloads, file)), folder, { ...limits, signal });
      if (process.platform === 'win32') await writeCommandFiles(folder);
      components[component] = { version, files: await fingerprints(folder) };
      await merge(folder, tree);
    }
    return { tree, components, verified };
  } catch (error) {
    await rm(prefix.staging, { recursive: true, force: true });
    throw asFull(error, [prefix.root, tmpdir()]);
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}

/** Says in words that a disk is full. */
function asFull(error: unknown, places: readonly string[]): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error;
  return new ProvisioningError({
    code: 'NO_SPACE',
    message: `No space left for it on the disk of ${places.join(' or ')}`,
    hint: 'nothing was changed; make room, or name another place with --prefix or TMPDIR',
    cause: error,
  });
}

async function fetchAll(options: StageOptions, downloads: string): Promise<boolean> {
  const { releases, wanted, say, signal } = options;
  let verified = true;
  const sums = new Map<string, ReadonlyMap<string, string>>();
  for (const release of new Set(wanted.map((one) => one.release))) {
    const text = await releases.text(release, 'checksums.txt');
    verified = (await checkSignature(options, release, text, downloads)) && verified;
    sums.set(release, parseChecksums(text));
  }
  for (const { release, file } of wanted) {
    signal?.throwIfAborted();
    say(`Downloading ${file}`);
    const target = join(downloads, file);
    await releases.download(release, file, target);
    await verifyChecksum(target, sums.get(release)!);
  }
  return verified;
}

async function checkSignature(
  { releases, releaseKey, requireSignature }: StageOptions,
  release: string,
  text: string,
  downloads: string,
): Promise<boolean> {
  const file = join(downloads, `${release}.sig`);
  const there = await releases.download(release, 'checksums.txt.sig', file).then(
    () => true,
    (error: unknown) => {
      if ((error as { code?: string }).code === 'RELEASE_NOT_FOUND') return false;
      throw error;
    },
  );
  const signature = there ? await readFile(file) : undefined;
  return verifySignature({ text, signature, key: releaseKey, required: requireSignature });
}

/** Moves a tree into another one; folders that both have become one. */
async function merge(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (!entry.isDirectory()) {
      await rename(source, target);
      continue;
    }
    const moved = await rename(source, target).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code ?? '')) return false;
        throw error;
      },
    );
    if (!moved) await merge(source, target);
  }
  await rm(from, { recursive: true, force: true });
}
