import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ImageLayout } from '@provisioning/distribution';
import { writeImage } from '../../../../tools/build/src/images/image.ts';

const run = promisify(execFile);
const packages = join(import.meta.dirname, '../../..');
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Images and the package whose bundle each of them runs. */
const programs: Readonly<Record<string, string>> = {
  provisioning: 'core-cli',
  'provisioning-platform/orchestrator': 'orchestrator',
  'provisioning-platform/extension-registry': 'extension-registry',
};

/**
 * Images of the platform as an OCI layout, from the bundles of this checkout above a base of this machine's own files:
 * Node.js, its libraries and a shell. Nothing is downloaded.
 * @returns `layout:<folder>`.
 */
export async function writeTestImages(folder: string, version: string): Promise<string> {
  const layout = new ImageLayout(join(folder, 'images'));
  await mkdir(layout.root, { recursive: true });
  const base = await baseLayer(join(folder, 'base'));
  for (const [name, program] of Object.entries(programs)) {
    const root = join(folder, program);
    const bin = program === 'core-cli' ? 'provisioning' : `provisioning-${program}`;
    for (const part of ['dist', 'bin', 'package.json'])
      await cp(join(packages, program, part), join(root, 'app', program, part), { recursive: true });
    await mkdir(join(root, 'bin'));
    await writeFile(join(root, 'bin', bin), `#!/bin/sh\nexec /bin/node /app/${program}/bin/${bin}.js "$@"\n`);
    await chmod(join(root, 'bin', bin), 0o755);
    const spec = {
      name,
      version,
      labels: {},
      modified: 0,
      command: [bin],
      environment: ['NODE_NO_WARNINGS=1'],
    };
    const tag = program === 'core-cli' ? version : `v${version}`;
    await writeImage(layout, spec, [{ architecture, layers: [base, await layer(root)] }], [tag]);
  }
  return `layout:${layout.root}`;
}

async function baseLayer(root: string): Promise<Buffer> {
  for (const name of ['bin', 'data', 'tmp', 'app']) await mkdir(join(root, name), { recursive: true });
  for (const name of ['data', 'tmp']) await chmod(join(root, name), 0o1777);
  const executables = { node: process.execPath, sh: '/bin/sh' };
  for (const [name, source] of Object.entries(executables)) {
    await copyFile(source, join(root, 'bin', name));
    for (const library of await librariesOf(source)) {
      await mkdir(join(root, dirname(library)), { recursive: true });
      await copyFile(library, join(root, library));
    }
  }
  return layer(root);
}

async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
}

/** A folder as a layer; it is removed. */
async function layer(root: string): Promise<Buffer> {
  const file = `${root}.tar.gz`;
  await run('tar', ['--owner=0', '--group=0', '-I', 'gzip -1', '-cf', file, '-C', root, '.']);
  const content = await readFile(file);
  await rm(root, { recursive: true });
  await rm(file);
  return content;
}
