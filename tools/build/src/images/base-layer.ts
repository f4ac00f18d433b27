import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from '@provisioning/distribution';
import { debianRoot } from './debian.ts';

const run = promisify(execFile);

/** The user of the images; everybody may write to the volume, nobody to anything else. */
export const imageUser = { id: 10001, name: 'provisioning' } as const;

/** Programs that the start scripts use. */
const tools = ['sh', 'env', 'readlink', 'dirname', 'cat', 'ls', 'id', 'wget'];

/** The lowest layer: libraries of Debian, a shell, one user without rights, `/data` and `/tmp`. */
export async function baseLayer(architecture: string, cache: string, modified: number): Promise<Buffer> {
  const root = await debianRoot(architecture, cache);
  for (const folder of ['bin', 'etc', 'tmp', 'data', 'usr/bin'])
    await mkdir(join(root, folder), { recursive: true });
  for (const name of tools) {
    await rm(join(root, 'bin', name), { force: true });
    await symlink('busybox', join(root, 'bin', name));
  }
  const { id, name } = imageUser;
  await writeFile(join(root, 'etc/passwd'), `root:x:0:0::/:/bin/sh\n${name}:x:${id}:${id}::/data:/bin/sh\n`);
  await writeFile(join(root, 'etc/group'), `root:x:0:\n${name}:x:${id}:\n`);
  await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  for (const folder of ['tmp', 'data']) await chmod(join(root, folder), 0o1777);
  const tar = join(cache, `base-${architecture}.${process.pid}.tar`);
  try {
    const words = [
      '--sort=name',
      `--mtime=@${modified}`,
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--format=ustar',
    ];
    await run('tar', [...words, '-cf', tar, '-C', root, '.']);
    return gzip(await readFile(tar));
  } finally {
    await rm(tar, { force: true });
  }
}
