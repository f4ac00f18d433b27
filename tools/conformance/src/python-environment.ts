import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs packages from PyPI into an environment of their own, once.
 * @param folder the environment.
 * @param made file below it that is there when all is installed.
 * @returns why it can't be had, or nothing.
 */
export function installFromPypi(
  folder: string,
  made: string,
  packages: readonly string[],
  say: (message: string) => void,
): string | undefined {
  if (existsSync(join(folder, made))) return undefined;
  say(`installing ${packages.join(', ')} into ${folder}`);
  for (const [command, ...words] of [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', ...packages],
  ] as const) {
    const { status, stderr, error } = spawnSync(command, words, { encoding: 'utf8' });
    if (status !== 0) return error?.message ?? stderr.trim().split('\n').at(-1);
  }
  return undefined;
}
