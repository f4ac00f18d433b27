import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  copyFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from '@provisioning/core';
import { gzip, writeTar } from '@provisioning/distribution';
import { publishedPackages, type WorkspacePackage } from '../../../release/src/packages.ts';
import { stageAll } from '../../../release/src/stage.ts';
import { buildSetup } from '../installers/setup.ts';
import { assemble } from './assemble.ts';
import { writeChecksums } from './checksums.ts';
import { archiveName, type Line, type LineName } from './line.ts';
import { buildTime, digestSources } from './sources.ts';

export interface LineBuild {
  readonly root: string;
  readonly lines: readonly LineName[];
  readonly version: string;
  readonly outputDir: string;
  /** Build even when an archive of the same inputs is in the cache. */
  readonly force?: boolean;
  /** Takes the place of the repository's `compatibility.toml`. */
  readonly compatibility?: string;
  /** Armored public key that releases are signed with. */
  readonly releaseKey?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly say: (message: string) => void;
}

export interface BuiltLine {
  readonly line: LineName;
  readonly file: string;
  readonly bytes: number;
  readonly cached: boolean;
}

/** Archives kept in the cache; the ones used longest ago go first. */
const cacheEntries = 12;
/** How long another build may take before this one gives up waiting. */
const lockSeconds = 1800;

/**
 * Builds lines of the product (11 §3): stages the packages, lays each line out as it is in an installation and packs it
 * so that equal inputs and `SOURCE_DATE_EPOCH` give equal bytes. What was built from the same inputs before comes from
 * the cache.
 */
export async function buildLines(options: LineBuild): Promise<readonly BuiltLine[]> {
  const { root, version, outputDir, say } = options;
  const cache = join(root, 'node_modules/.cache/provisioning/lines');
  const modified = buildTime(root, options.environment ?? process.env);
  const compatibility = options.compatibility ?? readFileSync(join(root, 'compatibility.toml'), 'utf8');
  const sources = digestSources(root);
  const key = (line: LineName): string =>
    createHash('sha256')
      .update(
        JSON.stringify([
          sources,
          line,
          version,
          modified,
          compatibility,
          options.releaseKey,
          process.version,
        ]),
      )
      .digest('hex');
  mkdirSync(outputDir, { recursive: true });
  mkdirSync(cache, { recursive: true });
  // Whoever comes second finds what the first has built.
  const missing = await withFileLock(
    join(cache, 'archives'),
    async () => {
      const lines = options.lines.filter(
        (line) => options.force === true || !existsSync(join(cache, `${key(line)}.tar.gz`)),
      );
      if (lines.length > 0) await makeArchives(lines);
      return lines;
    },
    lockSeconds,
  );
  const built = options.lines.map((line): BuiltLine => {
    const name = archiveName({ name: line, version });
    const stored = join(cache, `${key(line)}.tar.gz`);
    const now = new Date();
    utimesSync(stored, now, now);
    const partial = join(outputDir, `.${name}.${process.pid}`);
    copyFileSync(stored, partial);
    renameSync(partial, join(outputDir, name));
    const cached = !missing.includes(line);
    return { line, file: join(outputDir, name), bytes: statSync(stored).size, cached };
  });
  prune(cache);
  await buildSetup(root, version, outputDir);
  await writeChecksums(outputDir);
  return built;

  async function makeArchives(lines: readonly LineName[]): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-lines-'));
    const interrupted = (): void => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(130);
    };
    process.once('SIGINT', interrupted);
    process.once('SIGTERM', interrupted);
    try {
      const packages = publishedPackages(root)
        .filter(isInLine)
        .map((one) => withVersion(one, version));
      const staged = await stageAll(join(folder, 'staged'), say, packages);
      for (const name of lines) {
        say(`Packing ${name}`);
        const line: Line = { name, version };
        const tree = assemble(line, {
          root,
          packages,
          staged,
          compatibility,
          ...(options.releaseKey === undefined ? {} : { releaseKey: options.releaseKey }),
        });
        const partial = join(cache, `.${key(name)}.${process.pid}`);
        writeFileSync(partial, gzip(writeTar(tree.entries(), modified)));
        renameSync(partial, join(cache, `${key(name)}.tar.gz`));
      }
    } finally {
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Programs come as bundles; only what they load by name while running is a package in an installation. */
function isInLine({ bundled, layer, json }: WorkspacePackage): boolean {
  return bundled || layer === 'extension' || json.name === '@provisioning/extensions-sdk';
}

/** The programs of a line show the line's version (11 §2). */
function withVersion(one: WorkspacePackage, version: string): WorkspacePackage {
  return one.bundled ? { ...one, json: { ...one.json, version } } : one;
}

function prune(cache: string): void {
  const archives = readdirSync(cache)
    .filter((name) => name.endsWith('.tar.gz'))
    .map((name) => ({ path: join(cache, name), used: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.used - a.used);
  for (const { path } of archives.slice(cacheEntries)) rmSync(path, { force: true });
}
