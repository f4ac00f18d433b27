import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { installLocal } from '../installers/local.ts';
import { lineNames } from '../lines/line.ts';
import { git } from '../lines/sources.ts';
import { build } from './building.ts';
import { type Context, packagesFolder, type Target, versionOf } from './context.ts';
import { UsageError } from './flags.ts';
import { statusLines } from './status.ts';

const localPrefix = ({ flags, environment }: Context): string =>
  resolve(flags.text('prefix') ?? join(environment['HOME'] ?? '.', '.local'));

async function installBuilt(context: Context): Promise<number> {
  const { root, flags } = context;
  const status = await build(context, lineNames);
  if (status !== 0 || flags.on('dry-run')) return status;
  const packages = flags.text('packages');
  return installLocal({
    root,
    version: versionOf(context),
    packages: packagesFolder(context),
    words: ['--prefix', localPrefix(context), ...(packages === undefined ? [] : ['--packages', packages])],
  });
}

/** A link to the working tree, so that every change counts at once. */
function installLink(context: Context): Promise<number> {
  const { root, flags, print } = context;
  const bin = join(localPrefix(context), 'bin');
  const link = join(bin, 'provisioning');
  const program = join(root, 'packages/core-cli/bin/provisioning.js');
  if (flags.on('dry-run')) print(`Would link ${link} to ${program}`);
  else {
    const there = lstatSync(link, { throwIfNoEntry: false });
    if (there !== undefined && !there.isSymbolicLink())
      throw new Error(
        `${link} is there already, and no link: npm run uninstall-local takes an installation away`,
      );
    mkdirSync(bin, { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(program, link);
    print(`${link} -> ${program}`);
  }
  return Promise.resolve(0);
}

function removeBuilt(context: Context): Promise<number> {
  const link = join(localPrefix(context), 'bin/provisioning');
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    rmSync(link);
    context.print(`Removed ${link}`);
    return Promise.resolve(0);
  }
  const script = join(context.root, 'tools/build/installer/uninstall-provisioning.sh');
  const words = [script, '--prefix', localPrefix(context), '--keep-config'];
  const { status } = spawnSync('/bin/sh', words, { stdio: 'inherit' });
  return Promise.resolve(status ?? 1);
}

const scopes: Readonly<Record<string, readonly string[]>> = {
  dist: ['distribution/packages', 'distribution/installers', 'distribution/images'],
  cache: ['node_modules/.cache/provisioning/lines'],
};

/** `7d`, `12h` in milliseconds. @throws UsageError */
function duration(text: string): number {
  const found = /^(\d+)([dhm])$/.exec(text);
  if (found === null)
    throw new UsageError(`Not an age: ${text}; expected a number with d, h or m, such as 7d`);
  return Number(found[1]) * { d: 86_400_000, h: 3_600_000, m: 60_000 }[found[2] as 'd' | 'h' | 'm'];
}

function clean(
  context: Context,
  scope = context.flags.text('scope') ?? 'all',
  force = false,
): Promise<number> {
  const { root, flags, print } = context;
  if (![...Object.keys(scopes), 'all', 'old'].includes(scope))
    throw new UsageError(`Unknown scope: ${scope}`);
  const folders = scope === 'all' || scope === 'old' ? Object.values(scopes).flat() : scopes[scope]!;
  const before = Date.now() - duration(flags.text('age') ?? '7d');
  const chosen =
    scope !== 'old'
      ? folders
      : folders
          .filter((folder) => existsSync(join(root, folder)))
          .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
          .filter((path) => statSync(join(root, path)).mtimeMs < before);
  if (!force && !flags.on('force') && !flags.on('dry-run'))
    throw new UsageError(`This removes ${chosen.join(', ') || 'nothing'}; say so with --force`);
  for (const path of chosen) {
    if (!flags.on('dry-run')) rmSync(join(root, path), { recursive: true, force: true });
    print(`${flags.on('dry-run') ? 'Would remove' : 'Removed'} ${path}`);
  }
  return Promise.resolve(0);
}

function info({ root, print }: Context): Promise<number> {
  const versions = ['npm', 'git', 'gpg', 'tar', 'podman', 'docker', 'dpkg-deb', 'rpmbuild', 'wixl', 'xz'];
  print(`${'node'.padEnd(10)}${process.version}`);
  for (const program of versions) {
    const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8', cwd: root });
    print(`${program.padEnd(10)}${error === undefined ? stdout.split('\n')[0]! : 'not installed'}`);
  }
  return Promise.resolve(0);
}

async function debugInfo(context: Context): Promise<number> {
  const { root, flags, environment, print } = context;
  print(`Root:      ${root}`);
  print(`Version:   ${versionOf(context)}`);
  print(`Commit:    ${git(root, 'rev-parse', 'HEAD') ?? 'none'}`);
  print(`Packages:  ${packagesFolder(context)}`);
  print(`Verbose:   ${flags.on('verbose')}`);
  for (const name of [
    'SOURCE_DATE_EPOCH',
    'VERSION',
    'PLATFORMS',
    'VARIANTS',
    'PROVISIONING_RELEASES_URL',
    'CI',
  ])
    print(`${name}=${environment[name] ?? ''}`);
  return info(context);
}

/** Targets that install what is built, take it away, and say what there is (11 §3, §5). */
export const installing: Readonly<Record<string, Target>> = {
  'install-local': {
    summary: 'Build and install to --prefix (default ~/.local), as install.sh does it; --packages a,b',
    run: installBuilt,
  },
  'install-dev': { summary: 'Link --prefix/bin/provisioning to the working tree', run: installLink },
  'uninstall-local': {
    summary: 'Remove what install-local or install-dev put to --prefix',
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
    summary: 'Remove what was built: --scope all, dist, cache or old (--age 7d); --force without asking',
    run: (context) => clean(context),
  },
  'clean-dist': { summary: 'clean --scope dist', run: (context) => clean(context, 'dist') },
  'clean-all': { summary: 'clean --scope all', run: (context) => clean(context, 'all') },
  info: { summary: 'Versions of the tools that the build uses', run: info },
  'debug-info': { summary: 'Variables, folders and tools of the build', run: debugInfo },
};

/** The first step of targets that begin from nothing. */
export const cleanWithoutAsking = (context: Context): Promise<number> => clean(context, 'all', true);
