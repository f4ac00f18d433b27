import { spawn } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Installs what is built (`npm run install-local`) with the script that users run, from the folder of the packages as if
 * it were a release. @returns the script's exit code.
 */
export async function installLocal(options: {
  readonly root: string;
  readonly packages: string;
  readonly version: string;
  readonly words: readonly string[];
}): Promise<number> {
  const base = await mkdtemp(join(tmpdir(), 'provisioning-local-'));
  try {
    await symlink(options.packages, join(base, options.version));
    const script = join(options.root, 'tools/build/installer/install.sh');
    const words = [script, '--version', options.version, '--system-node', ...options.words];
    return await new Promise<number>((resolve, reject) => {
      const child = spawn('/bin/sh', words, {
        stdio: 'inherit',
        env: { ...process.env, PROVISIONING_RELEASES_URL: base },
      });
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}
