import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Everything a line is made of, from the root of the repository. */
const inputs = [
  'packages',
  'tools/build',
  'tools/release',
  'docs',
  'examples',
  'LICENSE',
  'compatibility.toml',
  'package-lock.json',
  'tsconfig.json',
];
const skipped = new Set(['node_modules', 'dist', 'coverage', '.cache']);

/** Digest over names and contents of all inputs; equal digests give equal builds. */
export function digestSources(root: string): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) if (!skipped.has(name)) visit(`${path}/${name}`);
    } else if (!/\.test\.ts$/.test(path)) {
      hash.update(`${path}\0`).update(createHash('sha256').update(readFileSync(full)).digest());
    }
  };
  inputs.forEach(visit);
  return hash.digest('hex');
}

/** What git says, or nothing without git. */
export function git(root: string, ...words: string[]): string | undefined {
  try {
    const text = execFileSync('git', words, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim();
  } catch {
    return undefined;
  }
}

/**
 * The one time of everything in a build, in seconds: `SOURCE_DATE_EPOCH`, else that of the last commit.
 * @throws Error when the variable is no number.
 */
export function buildTime(root: string, environment: NodeJS.ProcessEnv): number {
  const given = environment['SOURCE_DATE_EPOCH'];
  if (given !== undefined && given !== '') {
    if (/^\d+$/.test(given)) return Number(given);
    throw new Error(`SOURCE_DATE_EPOCH is no number of seconds: ${given}`);
  }
  return Number(git(root, 'log', '-1', '--format=%ct') ?? 0);
}
