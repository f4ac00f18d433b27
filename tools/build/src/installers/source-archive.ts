import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from '@provisioning/distribution';

const run = promisify(execFile);

/**
 * The archive that people build from (11 §4, type `source`): what is committed, and how to build it. The same commit
 * gives the same bytes.
 * @returns path of the archive.
 */
export async function makeSourceArchive(options: {
  readonly root: string;
  readonly version: string;
  readonly outputDir: string;
}): Promise<string> {
  const { root, version, outputDir } = options;
  const folder = `provisioning-${version}-source`;
  const words = ['archive', '--format=tar', `--prefix=${folder}/`];
  const guide = `--add-virtual-file=${folder}/BUILD.md:${instructions(version)}`;
  const { stdout } = await run('git', [...words, guide, 'HEAD'], {
    cwd: root,
    encoding: 'buffer',
    maxBuffer: 1 << 30,
  }).catch((error: unknown) => {
    throw new Error('A source archive is made from a git clone with at least one commit', { cause: error });
  });
  await mkdir(outputDir, { recursive: true });
  const file = join(outputDir, `${folder}.tar.gz`);
  await writeFile(file, gzip(stdout));
  return file;
}

/** The archive has no history, so the version is named in each command. */
function instructions(version: string): string {
  return `# Build from source

Needs Node.js 22.18 or newer with npm, and tar.

    npm ci
    npm run build -- --version ${version}
    npm run install-local -- --version ${version}

Installs below \`~/.local\`; another place is named with \`--prefix\`. \`npm run uninstall-local\` takes it away again.
`;
}
