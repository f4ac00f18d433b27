import { join } from 'node:path';
import { buildAll } from '../all.ts';
import { buildLines } from '../lines/build-lines.ts';
import { type LineName, lineNames } from '../lines/line.ts';
import { type Context, fileFlag, packagesFolder, type Target, versionOf } from './context.ts';
import { validateSchemas } from './schemas.ts';

/** Builds the packages of lines; those built from the same inputs before come from the cache. */
export async function build(context: Context, lines: readonly LineName[]): Promise<number> {
  const { root, flags, environment, print, say } = context;
  const version = versionOf(context);
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

/** All lines, and the schemas in them. */
async function buildEverything(context: Context): Promise<number> {
  const status = await build(context, lineNames);
  if (status !== 0 || context.flags.on('dry-run')) return status;
  return validateSchemas(context);
}

async function buildBundles({ flags, print }: Context, force: boolean): Promise<number> {
  for (const { name, built, milliseconds } of await buildAll({ force: force || flags.on('force') }))
    print(built ? `${name} built in ${milliseconds} ms` : `${name} is up to date`);
  return 0;
}

const line = (name: LineName): Target => ({
  summary: `Build the package of the ${name} line`,
  run: (context) => build(context, [name]),
});

/** Targets that make packages of the sources (11 §3). */
export const building: Readonly<Record<string, Target>> = {
  build: { summary: 'Build the packages of all lines with their checksums', run: buildEverything },
  'build-all': { summary: 'The same as build', run: buildEverything },
  'build-core': line('core'),
  'build-platform': line('platform'),
  'build-extensions': line('extensions'),
  'build-templates': line('templates'),
  'dev-build': {
    summary: 'Build the bundles that the working tree runs from, nothing else',
    run: (context) => buildBundles(context, false),
  },
  benchmark: {
    summary: 'Build all bundles anew and say how long each takes',
    run: (context) => buildBundles(context, true),
  },
};
