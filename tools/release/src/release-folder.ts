import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BundleEntry,
  newestStable,
  parseChecksums,
  type ReleaseIndex,
  sha256Of,
} from '@provisioning/distribution';
import semver from 'semver';

interface MutableIndex {
  lines: Record<
    string,
    { latest?: string; versions: Record<string, { withdrawn?: boolean; insecure?: boolean; notes?: string }> }
  >;
  bundles?: ReleaseIndex['bundles'];
  pointers?: Record<string, string>;
}

/** The folder that `PROVISIONING_RELEASES_URL` serves: `<version>/<file>`, `index.json` and `latest` (11 §5). */
export class ReleasesFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async index(): Promise<ReleaseIndex> {
    return this.#read();
  }

  /** Lines that a version's files belong to. */
  async linesOf(version: string): Promise<readonly string[]> {
    const names = await readdir(join(this.path, version)).catch(() => []);
    return names
      .map((name) => /^provisioning-([a-z]+)-(.+)\.tar\.gz$/.exec(name))
      .filter((found) => found !== null && found[2] === version)
      .map((found) => found![1]!);
  }

  /**
   * Adds a version with all files of a folder. What is published is immutable: the same files again change nothing.
   * @throws Error when the version is there with other files.
   */
  async add(version: string, from: string): Promise<readonly string[]> {
    const target = join(this.path, version);
    await mkdir(target, { recursive: true });
    const names = (await readdir(from, { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
    for (const name of names) {
      const content = await readFile(join(from, name));
      const there = await readFile(join(target, name)).catch(() => undefined);
      if (there !== undefined && !there.equals(content))
        throw new Error(
          `${version} is published with another ${name}; a published version is never replaced`,
        );
      if (there === undefined) await copyFile(join(from, name), join(target, name));
    }
    const index = await this.#read();
    for (const line of await this.linesOf(version)) {
      const known = (index.lines[line] ??= { versions: {} });
      known.versions[version] ??= {};
      const latest = newestStable(known.versions);
      if (latest !== undefined) known.latest = latest;
    }
    await this.#write(index);
    return names;
  }

  /** @throws Error naming what is missing or differs from its checksum. */
  async verify(version: string): Promise<void> {
    const folder = join(this.path, version);
    const text = await readFile(join(folder, 'checksums.txt'), 'utf8').catch(() => {
      throw new Error(`${version} is not published in ${this.path}: no checksums.txt`);
    });
    const sums = parseChecksums(text);
    if (sums.size === 0) throw new Error(`checksums.txt of ${version} lists nothing`);
    for (const name of sums.keys()) {
      if (!existsSync(join(folder, name))) throw new Error(`${name} of ${version} is missing`);
      if ((await sha256Of(join(folder, name))) !== sums.get(name))
        throw new Error(`Checksum mismatch for ${name}`);
    }
  }

  async withdraw(line: string, version: string, notes: string, insecure: boolean): Promise<void> {
    const index = await this.#read();
    const known = (index.lines[line] ??= { versions: {} });
    known.versions[version] = {
      ...known.versions[version],
      withdrawn: true,
      notes,
      ...(insecure ? { insecure } : {}),
    };
    await this.#write(index);
  }

  async setLatest(line: string, version: string): Promise<void> {
    const index = await this.#read();
    (index.lines[line] ??= { versions: {} }).latest = version;
    await this.#write(index);
  }

  /** Adds a bundle; `pointer` (`stable`, `lts`) leads to it from then on. */
  async addBundle(id: string, bundle: BundleEntry, pointer: string): Promise<void> {
    const index = await this.#read();
    await this.#write({
      ...index,
      bundles: { ...index.bundles, [id]: bundle },
      pointers: { ...index.pointers, [pointer]: id },
    });
  }

  async withdrawBundlesOf(line: string, version: string): Promise<readonly string[]> {
    const index = await this.#read();
    const field = line === 'templates' ? 'workspace' : line;
    const affected = Object.entries(index.bundles ?? {}).filter(
      ([, bundle]) => (bundle as unknown as Record<string, unknown>)[field] === version,
    );
    if (affected.length === 0) return [];
    const withdrawn = affected.map(([id, bundle]) => [id, { ...bundle, withdrawn: true }] as const);
    await this.#write({ ...index, bundles: { ...index.bundles, ...Object.fromEntries(withdrawn) } });
    return affected.map(([id]) => id);
  }

  /** The newest release before a version that nobody withdrew. */
  async previous(line: string, version: string): Promise<string | undefined> {
    const { versions = {} } = (await this.#read()).lines[line] ?? {};
    const older = Object.entries(versions).filter(
      ([one, { withdrawn }]) => withdrawn !== true && semver.valid(one) !== null && semver.lt(one, version),
    );
    return newestStable(Object.fromEntries(older));
  }

  async #read(): Promise<MutableIndex> {
    const text = await readFile(join(this.path, 'index.json'), 'utf8').catch(() => undefined);
    return text === undefined ? { lines: {} } : (JSON.parse(text) as MutableIndex);
  }

  async #write(index: MutableIndex): Promise<void> {
    await replace(join(this.path, 'index.json'), `${JSON.stringify(index, undefined, 2)}\n`);
    const latest = index.lines['core']?.latest;
    if (latest !== undefined) await replace(join(this.path, 'latest'), `${latest}\n`);
  }
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.${process.pid}`, text);
  await rename(`${file}.${process.pid}`, file);
}
