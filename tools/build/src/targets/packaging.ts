import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { releasePlatform } from '@provisioning/distribution';
import { createArchives } from '../archives/create-archives.ts';
import { packExtensions } from '../archives/extension-archives.ts';
import { packageContainers } from '../images/package-containers.ts';
import { writeContainerInstaller } from '../installers/container.ts';
import { createPackages } from '../installers/packages.ts';
import { packRuntime, runtimePackages } from '../installers/runtime.ts';
import { writeScripts } from '../installers/scripts.ts';
import { makeSourceArchive } from '../installers/source-archive.ts';
import { writeChecksums } from '../lines/checksums.ts';
import { buildTime } from '../lines/sources.ts';
import {
  type Context,
  distFolder,
  fileFlag,
  packagesFolder,
  productOf,
  type Target,
  versionOf,
} from './context.ts';
import { UsageError } from './flags.ts';

const installerTypes = ['shell', 'package', 'container', 'source'] as const;
export const variants = ['complete', 'minimal'] as const;

/** @throws UsageError when a list has a word that it must not have. */
function chosen<Word extends string>(
  list: readonly string[] | undefined,
  known: readonly Word[],
  fallback: readonly Word[],
  what: string,
): readonly Word[] {
  const unknown = list?.find((word) => !(known as readonly string[]).includes(word));
  if (unknown !== undefined)
    throw new UsageError(`Unknown ${what}: ${unknown}; there are ${known.join(', ')}`);
  return (list as readonly Word[] | undefined) ?? fallback;
}

async function createInstallers(context: Context): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const version = versionOf(context);
  const outputDir = resolve(root, flags.text('output-dir') ?? 'distribution/installers');
  const types = chosen(flags.list('installer-types'), installerTypes, ['shell'], 'installer type');
  const product = productOf(context);
  const modified = buildTime(root, environment);
  if (flags.on('dry-run')) {
    for (const type of types) print(`Would write installers of type ${type} into ${outputDir}`);
    return 0;
  }
  if (types.includes('shell')) {
    const { releaseKey } = await fileFlag(context, 'release-key', 'releaseKey');
    const scripts = {
      ...(releaseKey === undefined ? {} : { releaseKey }),
      ...(product.releases === undefined ? {} : { releases: product.releases }),
    };
    for (const file of await writeScripts(root, version, outputDir, scripts)) print(file);
  }
  if (types.includes('package')) {
    const platforms = flags.list('platforms') ?? [releasePlatform()];
    const made = await createPackages({
      ...{ root, version, platforms, distDir: distFolder(context), outputDir, modified, say },
      ...product,
      services: flags.on('include-services'),
    });
    made.forEach(print);
  }
  if (types.includes('container')) {
    const architectures = (flags.list('platforms') ?? ['linux/amd64', 'linux/arm64']).filter((platform) =>
      platform.startsWith('linux'),
    );
    const made = await writeContainerInstaller({
      ...{ root, version, distDir: distFolder(context), outputDir, modified, say },
      platforms: architectures.map((platform) => platform.replace('linux-', 'linux/')),
      tagPrefix: flags.text('tag-prefix') ?? 'provisioning',
    });
    made.forEach(print);
  }
  if (types.includes('source')) print(await makeSourceArchive({ root, version, outputDir }));
  return 0;
}

async function packageImages(context: Context): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const written = await packageContainers({
    root,
    version: versionOf(context),
    distDir: distFolder(context),
    outputDir: resolve(root, flags.text('output-dir') ?? 'distribution/images'),
    tagPrefix: flags.text('tag-prefix') ?? 'provisioning',
    platforms: flags.list('platforms') ?? ['linux/amd64', 'linux/arm64'],
    modified: buildTime(root, environment),
    say,
  });
  written.forEach(print);
  return 0;
}

/** An archive for each taskserv and cluster that is named, or for all. */
async function packageExtensions(context: Context): Promise<number> {
  const { root, flags, environment, print } = context;
  const outputDir = packagesFolder(context);
  const names = flags.words;
  if (flags.on('dry-run')) print(`Would pack ${names.join(', ') || 'all extensions'} into ${outputDir}`);
  else {
    const files = await packExtensions({ root, outputDir, names, modified: buildTime(root, environment) });
    files.forEach(print);
    await writeChecksums(outputDir);
  }
  return 0;
}

/** Node.js for the programs, one archive a platform; a platform that fails is reported, the others go on. */
async function packageRuntimes(
  context: Context,
  platforms = context.flags.list('platforms') ?? [releasePlatform()],
): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const outputDir = packagesFolder(context);
  if (flags.on('dry-run')) {
    for (const platform of platforms) print(`Would pack Node.js for ${platform} into ${outputDir}`);
    return 0;
  }
  await mkdir(outputDir, { recursive: true });
  let missing = 0;
  for (const platform of platforms) {
    const file = await packRuntime(root, platform, outputDir, buildTime(root, environment)).catch(
      (error: unknown) => void say(error instanceof Error ? error.message : String(error)),
    );
    if (file !== undefined) print(file);
    else {
      missing += 1;
      say(`error: there is no Node.js for ${platform}`);
    }
  }
  await writeChecksums(outputDir);
  return missing === 0 ? 0 : 1;
}

async function packArchives(
  context: Context,
  platforms = context.flags.list('platforms') ?? [releasePlatform(), 'universal'],
): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const packages = packagesFolder(context);
  const version = versionOf(context);
  const kinds = chosen(flags.list('variants'), variants, variants, 'variant');
  if (flags.on('dry-run')) {
    for (const platform of platforms)
      for (const variant of kinds)
        print(`Would pack ${packages}/provisioning-${version}-${platform}-${variant}`);
    return 0;
  }
  if (!existsSync(packages)) throw new Error(`${packages} is missing: npm run build -- --version ${version}`);
  const modified = buildTime(root, environment);
  const { files, failed } = await createArchives({
    ...{ root, version, platforms, variants: kinds, packages, modified, say },
  });
  files.forEach(print);
  await writeChecksums(packages);
  return failed === 0 ? 0 : 1;
}

const system = (name: string, platforms: readonly string[]): Target => ({
  summary: `Self-contained archives for ${name}`,
  run: (context) => packArchives(context, platforms),
});

/** Targets that make what is handed out of the packages (11 §3, §4, §7). */
export const packaging: Readonly<Record<string, Target>> = {
  'package-binaries': {
    summary: 'Pack Node.js for --platforms, beside the packages',
    run: (context) => packageRuntimes(context),
  },
  'package-extensions': {
    summary: 'An archive of its own for each taskserv and cluster, or for those that are named',
    run: packageExtensions,
  },
  'package-containers': {
    summary: 'Write the images of the command line and the services as an OCI layout',
    run: packageImages,
  },
  'create-archives': {
    summary:
      'Self-contained archives with an installer: --platforms (universal: without Node.js), --variants',
    run: (context) => packArchives(context),
  },
  'create-installers': {
    summary:
      'Write installers: --installer-types shell (install.sh, install.ps1, the uninstaller), package (Debian, RPM, MSI, PKG, Homebrew; --include-services), container, source',
    run: createInstallers,
  },
  'build-cross': {
    summary: 'Self-contained archives for all platforms, or --platforms',
    run: (context) =>
      packArchives(
        context,
        context.flags.list('platforms') ?? [...Object.keys(runtimePackages), 'freebsd-amd64', 'universal'],
      ),
  },
  linux: system('Linux', ['linux-amd64', 'linux-arm64']),
  macos: system('macOS', ['macos-amd64', 'macos-arm64']),
  windows: system('Windows', ['windows-amd64']),
};
