import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Installs packages from npm once into `.bench/engine-peers`, without running their scripts. @returns the folder */
export async function installPeers(
  root: string,
  packages: readonly string[],
  say: (message: string) => void,
): Promise<string> {
  const folder = join(root, '.bench', 'engine-peers');
  const missing = packages.filter((name) => !existsSync(join(folder, 'node_modules', name)));
  if (missing.length > 0) {
    say(`installing ${missing.join(', ')}`);
    mkdirSync(folder, { recursive: true });
    if (!existsSync(join(folder, 'package.json')))
      writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
    const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...missing];
    await promisify(execFile)('npm', words, { cwd: folder, timeout: 300_000 });
  }
  return folder;
}
