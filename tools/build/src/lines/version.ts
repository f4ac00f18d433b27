import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import { git } from './sources.ts';

/**
 * Version of a build without `--version`: that of the tag HEAD is at, else the one the working tree works towards with
 * the commit as build metadata (11 §2). `dev` stands in the place of the commit without git.
 */
export function describeVersion(root: string): string {
  const described = git(root, 'describe', '--tags', '--always', '--dirty');
  const tag = described?.replace(/^(?:[a-z]+\/)*v?/, '');
  if (tag !== undefined && semver.valid(tag) !== null && !tag.includes('-dirty')) return tag;
  const { version } = JSON.parse(readFileSync(join(root, 'packages/core-cli/package.json'), 'utf8')) as {
    readonly version: string;
  };
  return `${version}+${(described ?? 'dev').replace(/[^0-9A-Za-z.-]/g, '-')}`;
}
