import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What Node.js is linked with, and the few programs of a start script. */
const packages = ['libc6', 'libgcc-s1', 'libstdc++6', 'busybox-static'];

/**
 * The files of the base image for an architecture, from the machine's own package mirror: apt verifies and downloads with
 * a state of its own, so the machine's is not touched and a foreign architecture needs no setting up.
 * @returns folder with the unpacked packages.
 */
export async function debianRoot(architecture: string, cache: string): Promise<string> {
  const state = join(cache, 'apt', architecture);
  const downloads = join(state, 'downloads');
  for (const folder of ['lists/partial', 'archives/partial', 'downloads'])
    await mkdir(join(state, folder), { recursive: true });
  await writeFile(join(state, 'status'), '');
  const settings = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    `Dir::State=${state}`,
    `Dir::State::Lists=${join(state, 'lists')}`,
    `Dir::State::status=${join(state, 'status')}`,
    `Dir::Cache=${state}`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Retries=3',
  ].flatMap((setting) => ['-o', setting]);
  await run('apt-get', [...settings, '-qq', 'update'], { maxBuffer: 1 << 26 });
  for (const name of await readdir(downloads)) await rm(join(downloads, name));
  await run('apt-get', [...settings, '-qq', 'download', ...packages], { cwd: downloads, maxBuffer: 1 << 26 });
  const root = join(state, 'root');
  await rm(root, { recursive: true, force: true });
  await mkdir(root);
  for (const name of await readdir(downloads)) await run('dpkg-deb', ['-x', join(downloads, name), root]);
  await rm(join(root, 'usr/share/doc'), { recursive: true, force: true });
  await rm(join(root, 'usr/share/man'), { recursive: true, force: true });
  return root;
}
