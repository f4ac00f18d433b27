import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip, type TarFile, writeTar } from '@provisioning/distribution';
import { packRuntime } from '../installers/runtime.ts';
import { setupName } from '../installers/setup.ts';
import { writeScripts } from '../installers/scripts.ts';
import { archiveName, type LineName } from '../lines/line.ts';
import { writeZip } from './zip.ts';

const run = promisify(execFile);

export type Variant = 'complete' | 'minimal';

/** Lines of a variant (S:26408-26420): everything, or the command line and the services. */
const linesOf: Readonly<Record<Variant, readonly LineName[]>> = {
  complete: ['core', 'platform', 'extensions', 'templates'],
  minimal: ['core', 'platform'],
};

export interface ArchivesOptions {
  readonly root: string;
  readonly version: string;
  /** `linux-amd64`, or `universal` for one without a Node.js. */
  readonly platforms: readonly string[];
  readonly variants: readonly Variant[];
  /** Folder of the packages, where the archives go, too. */
  readonly packages: string;
  readonly modified: number;
  readonly say: (line: string) => void;
}

/**
 * `provisioning-<version>-<platform>-<variant>.<format>` (11 §3 "Outputs"): a folder of releases with one release in it,
 * the Node.js of the platform and `install-provisioning`, which installs from there without a network. What it installs
 * is verified like any other release. A platform that fails is reported; the others go on.
 */
export async function createArchives(
  options: ArchivesOptions,
): Promise<{ readonly files: readonly string[]; readonly failed: number }> {
  const files: string[] = [];
  let failed = 0;
  for (const platform of options.platforms)
    for (const variant of options.variants) {
      try {
        options.say(`Packing ${variant} for ${platform}`);
        files.push(await createArchive(options, platform, variant));
      } catch (error) {
        failed += 1;
        options.say(`error: ${platform}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  return { files, failed };
}

async function createArchive(options: ArchivesOptions, platform: string, variant: Variant): Promise<string> {
  const { packages, version, modified } = options;
  const name = `provisioning-${version}-${platform}-${variant}`;
  const files = (await filesOf(options, platform, variant)).map((file) => ({
    ...file,
    path: `${name}/${file.path}`,
  }));
  const [system] = platform.split('-');
  const format = { windows: 'zip', freebsd: 'tar.xz' }[system!] ?? 'tar.gz';
  const target = join(packages, `${name}.${format}`);
  const partial = `${target}.${process.pid}`;
  try {
    if (format === 'zip') await writeFile(partial, writeZip(files, modified));
    else if (format === 'tar.gz') await writeFile(partial, gzip(writeTar(files, modified)));
    else {
      await writeFile(`${partial}.tar`, writeTar(files, modified));
      await run('xz', ['--keep', '--threads=1', `${partial}.tar`]).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? new Error('xz not found: install xz-utils') : error;
      });
      await rename(`${partial}.tar.xz`, partial);
    }
    await rename(partial, target);
    return target;
  } finally {
    for (const left of [partial, `${partial}.tar`, `${partial}.tar.xz`]) await rm(left, { force: true });
  }
}

async function filesOf(
  { root, version, packages, modified }: ArchivesOptions,
  platform: string,
  variant: Variant,
): Promise<readonly TarFile[]> {
  const bundled = platform !== 'universal' && !platform.startsWith('freebsd');
  const runtime = bundled ? await packRuntime(root, platform, packages, modified) : undefined;
  if (bundled && runtime === undefined) throw new Error(`there is no Node.js for ${platform}`);
  const names = [
    ...linesOf[variant].map((line) => archiveName({ name: line, version })),
    setupName(version),
    ...(runtime === undefined ? [] : [runtime.slice(packages.length + 1)]),
  ];
  const release: TarFile[] = [];
  let sums = '';
  for (const name of names) {
    const path = join(packages, name);
    if (!existsSync(path)) throw new Error(`${name} is missing: npm run build -- --version ${version}`);
    const content = await readFile(path);
    sums += `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
    release.push({ path: `releases/${version}/${name}`, content, executable: false });
  }
  release.push({ path: `releases/${version}/checksums.txt`, content: Buffer.from(sums), executable: false });
  const words = `--packages ${linesOf[variant].join(',')} --variant ${variant}`;
  return [...(await startersOf(root, version, platform, words, bundled)), ...release];
}

/** The scripts of `create-installers`, and one that tells them where the release is. */
async function startersOf(
  root: string,
  version: string,
  platform: string,
  words: string,
  bundled: boolean,
): Promise<readonly TarFile[]> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-scripts-'));
  try {
    await writeScripts(root, version, folder);
    const windows = platform.startsWith('windows');
    const node = bundled ? '' : ' --system-node';
    const files: TarFile[] = [
      windows
        ? text('install-provisioning.cmd', commandStarter(version, words))
        : text('install-provisioning', shellStarter(version, `${words}${node}`)),
      text('README.md', readme(version, windows, bundled)),
      text('LICENSE', await readFile(join(root, 'LICENSE'), 'utf8')),
    ];
    const wanted = windows ? ['install.ps1'] : ['install.sh', 'uninstall-provisioning.sh'];
    for (const name of await readdir(folder))
      if (wanted.includes(name)) files.push(text(name, await readFile(join(folder, name), 'utf8')));
    // As Windows ends lines.
    return windows ? files.map((file) => ({ ...file, content: withCarriageReturns(file.content) })) : files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function text(path: string, content: string): TarFile {
  return { path, content: Buffer.from(content), executable: !/\.md$|LICENSE/.test(path) };
}

function withCarriageReturns(content: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(content).toString('utf8').replace(/\r?\n/g, '\r\n'));
}

function shellStarter(version: string, words: string): string {
  return `#!/bin/sh
# Installs what is in this folder; takes the options of install.sh.
here=$(CDPATH='' cd "$(dirname "$0")" && pwd) || exit 1
PROVISIONING_RELEASES_URL=$here/releases exec /bin/sh "$here/install.sh" --version ${version} ${words} "$@"
`;
}

function commandStarter(version: string, words: string): string {
  return `@echo off
rem Installs what is in this folder; takes the options of install.ps1.
setlocal
set "PROVISIONING_RELEASES_URL=%~dp0releases"
powershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0install.ps1" --version ${version} ${words} %*
exit /b %ERRORLEVEL%
`;
}

function readme(version: string, windows: boolean, bundled: boolean): string {
  const command = windows ? 'install-provisioning.cmd --user' : './install-provisioning --user';
  return `# Provisioning ${version}

    ${command}

installs what is in this folder, without a network. ${bundled ? 'Node.js is part of it.' : 'It needs Node.js 22.18 or newer.'}
Another place is named with \`--prefix\`; \`--help\` lists the options.
`;
}
