import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** An environment of its own with what the suite needs from PyPI. */
export const python = join(import.meta.dirname, '../../../.cache/api');
const packages = ['schemathesis', 'prometheus_client', 'openapi-python-client'];

/** Installs once. @returns why it can't be had, or nothing */
export function installPython(say: (message: string) => void): string | undefined {
  if (existsSync(join(python, 'bin', 'schemathesis'))) return undefined;
  say(`installing ${packages.join(', ')} into tools/conformance/.cache/api`);
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', python],
    [join(python, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', ...packages],
  ] as const) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) return error?.message ?? stderr.trim().split('\n').at(-1);
  }
  return undefined;
}
