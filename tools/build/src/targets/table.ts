import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { releasePlatform } from '@provisioning/distribution';
import { buildAll } from '../all.ts';
import { packageContainers } from '../images/package-containers.ts';
import { installLocal } from '../installers/local.ts';
import { createPackages } from '../installers/packages.ts';
import { packRuntime } from '../installers/runtime.ts';
import { makeSourceArchive } from '../installers/source-archive.ts';
import { writeScripts } from '../installers/scripts.ts';
import { buildLines } from '../lines/build-lines.ts';
import { writeChecksums } from '../lines/checksums.ts';
import { type LineName, lineNames } from '../lines/line.ts';
import { buildTime } from '../lines/sources.ts';
import { describeVersion } from '../lines/version.ts';
import { type Flags, UsageError } from './flags.ts';
import { statusLines } from './status.ts';

export interface Context {
  readonly root: string;
  readonly flags: Flags;
  readonly environment: NodeJS.ProcessEnv;
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** A line about what is going on. */
  readonly say: (line: string) => void;
}

/** Something `npm run <name>` does; answers its exit code. */
export interface Target {
  readonly summary: string;
  run(context: Context): Promise<number>;
}

/** Where packages go unless `--output-dir` says otherwise. */
export function packagesFolder({ root, flags }: Context): string {
  return resolve(root, flags.text('output-dir') ?? 'distribution/packages');
}

async function build(context: Context, lines: readonly LineName[]): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const version = flags.text('version') ?? describeVersion(root);
  const outputDir = packagesFolder(context);
  if (flags.on('dry-run')) {
    for (const line of lines)
      print(`Would build ${join(outputDir, `provisioning-${line}-${version}.tar.gz`)}`);
    print(`Would write ${join(outputDir, 'checksums.txt')}`);
    return 0;
  }
  const built = await buildLines({
    root,
    lines,
    version,
    outputDir,
    environment,
    force: flags.on('force'),
    say,
    ...(await fileFlag(context, 'compatibility', 'compatibility')),
    ...(await fileFlag(context, 'release-key', 'releaseKey')),
  });
  for (const { line, file, bytes, cached } of built) {
    const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
    print(cached ? `${line} is up to date (from the cache, ${size})` : `${line} built, ${size}: ${file}`);
  }
  return 0;
}

/** The content of the file that a flag names, as an option of that name. */
async function fileFlag<Name extends string>(
  { flags }: Context,
  flag: 'compatibility' | 'release-key',
  name: Name,
): Promise<Partial<Record<Name, string>>> {
  const file = flags.text(flag);
  if (file === undefined) return {};
  return { [name]: await readFile(resolve(file), 'utf8') } as Record<Name, string>;
}

const installerTypes = ['shell', 'package', 'source'];

async function createInstallers(context: Context): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const version = flags.text('version') ?? describeVersion(root);
  const outputDir = resolve(root, flags.text('output-dir') ?? 'distribution/installers');
  const types = flags.list('installer-types') ?? ['shell'];
  const unknown = types.find((type) => !installerTypes.includes(type));
  if (unknown !== undefined)
    throw new UsageError(`Unknown installer type: ${unknown}; there are ${installerTypes.join(', ')}`);
  if (types.includes('shell')) {
    const { releaseKey } = await fileFlag(context, 'release-key', 'releaseKey');
    for (const file of await writeScripts(root, version, outputDir, releaseKey)) print(file);
  }
  if (types.includes('package')) {
    const platforms = flags.list('platforms') ?? [releasePlatform()];
    const distDir = resolve(root, flags.text('dist-dir') ?? 'distribution/packages');
    const modified = buildTime(root, environment);
    const releases = environment['PROVISIONING_RELEASES_URL'] ?? 'https://releases.provisioning.io';
    for (const file of await createPackages({
      root,
      version,
      platforms,
      distDir,
      outputDir,
      modified,
      releases,
      say,
    }))
      print(file);
  }
  if (types.includes('source')) print(await makeSourceArchive({ root, version, outputDir }));
  return 0;
}

const localPrefix = ({ flags, environment }: Context): string =>
  resolve(flags.text('prefix') ?? join(environment['HOME'] ?? '.', '.local'));

async function installBuilt(context: Context): Promise<number> {
  const { root, flags } = context;
  const version = flags.text('version') ?? describeVersion(root);
  const status = await build(context, lineNames);
  if (status !== 0 || flags.on('dry-run')) return status;
  const packages = flags.text('packages');
  return installLocal({
    root,
    version,
    packages: packagesFolder(context),
    words: ['--prefix', localPrefix(context), ...(packages === undefined ? [] : ['--packages', packages])],
  });
}

function removeBuilt(context: Context): Promise<number> {
  const script = join(context.root, 'tools/build/installer/uninstall-provisioning.sh');
  const words = [script, '--prefix', localPrefix(context), '--keep-config'];
  const { status } = spawnSync('/bin/sh', words, { stdio: 'inherit' });
  return Promise.resolve(status ?? 1);
}

async function packageImages(context: Context): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const version = flags.text('version') ?? describeVersion(root);
  const written = await packageContainers({
    root,
    version,
    distDir: resolve(root, flags.text('dist-dir') ?? 'distribution/packages'),
    outputDir: resolve(root, flags.text('output-dir') ?? 'distribution/images'),
    tagPrefix: flags.text('tag-prefix') ?? 'provisioning',
    platforms: flags.list('platforms') ?? ['linux/amd64', 'linux/arm64'],
    modified: buildTime(root, environment),
    say,
  });
  written.forEach(print);
  return 0;
}

/** Node.js for the programs, one archive a platform; a platform that fails is reported, the others go on. */
async function packageRuntimes(context: Context): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const outputDir = packagesFolder(context);
  await mkdir(outputDir, { recursive: true });
  let missing = 0;
  for (const platform of flags.list('platforms') ?? [releasePlatform()]) {
    const file = await packRuntime(root, platform, outputDir, buildTime(root, environment));
    if (file !== undefined) print(file);
    else {
      missing += 1;
      say(`error: there is no Node.js for ${platform}`);
    }
  }
  await writeChecksums(outputDir);
  return missing === 0 ? 0 : 1;
}

const line = (name: LineName): Target => ({
  summary: `Build the package of the ${name} line`,
  run: (context) => build(context, [name]),
});

/** Every target of the build, by the name it has after `npm run` (11 §3). */
export const targets: Readonly<Record<string, Target>> = {
  build: {
    summary: 'Build the packages of all lines with their checksums',
    run: (context) => build(context, lineNames),
  },
  'build-all': {
    summary: 'The same as build',
    run: (context) => build(context, lineNames),
  },
  'build-core': line('core'),
  'build-platform': line('platform'),
  'build-extensions': line('extensions'),
  'build-templates': line('templates'),
  'dev-build': {
    summary: 'Build the bundles that the working tree runs from, nothing else',
    async run({ flags, print }) {
      for (const { name, built, milliseconds } of await buildAll({ force: flags.on('force') }))
        print(built ? `${name} built in ${milliseconds} ms` : `${name} is up to date`);
      return 0;
    },
  },
  'package-binaries': {
    summary: 'Pack Node.js for --platforms, beside the packages',
    run: packageRuntimes,
  },
  'package-containers': {
    summary: 'Write the images of the command line and the services as an OCI layout',
    run: packageImages,
  },
  'create-installers': {
    summary:
      'Write installers: --installer-types shell (install.sh, its pinned form, the uninstaller), package, source',
    run: createInstallers,
  },
  'install-local': {
    summary: 'Build and install to --prefix (default ~/.local), as install.sh does it; --packages a,b',
    run: installBuilt,
  },
  'uninstall-local': {
    summary: 'Remove what install-local installed to --prefix',
    run: removeBuilt,
  },
  status: {
    summary: 'What is built',
    run(context) {
      for (const text of statusLines(context.root, packagesFolder(context), context.environment))
        context.print(text);
      return Promise.resolve(0);
    },
  },
  clean: {
    summary: 'Remove what was built: --scope all, dist or cache; --force without asking',
    run(context) {
      const { root, flags, print } = context;
      const scope = flags.text('scope') ?? 'all';
      const folders = {
        dist: ['distribution/packages', 'distribution/installers'],
        cache: ['node_modules/.cache/provisioning/lines'],
      };
      if (scope !== 'all' && !Object.hasOwn(folders, scope)) throw new UsageError(`Unknown scope: ${scope}`);
      const chosen =
        scope === 'all' ? [...folders.dist, ...folders.cache] : folders[scope as 'dist' | 'cache'];
      if (!flags.on('force') && !flags.on('dry-run'))
        throw new UsageError(`This removes ${chosen.join(', ')}; say so with --force`);
      for (const folder of chosen) {
        if (!flags.on('dry-run')) rmSync(join(root, folder), { recursive: true, force: true });
        print(`${flags.on('dry-run') ? 'Would remove' : 'Removed'} ${folder}`);
      }
      return Promise.resolve(0);
    },
  },
  help: {
    summary: 'This list',
    run({ print }) {
      const width = Math.max(...Object.keys(targets).map((name) => name.length));
      for (const [name, { summary }] of Object.entries(targets)) print(`  ${name.padEnd(width)}  ${summary}`);
      return Promise.resolve(0);
    },
  },
};
