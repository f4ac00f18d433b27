import { expect, test } from '@jest/globals';
import { checkWorkingTree, readMatrix } from './compatibility.ts';
import { publishedPackages } from './packages.ts';

test('the versions of the working tree go together as compatibility.toml says', () => {
  expect(checkWorkingTree()).toEqual([]);
});

test('the matrix names every published package that has a line of its own', () => {
  const { releases } = readMatrix() as unknown as { releases: readonly Record<string, string>[] };
  const named = Object.keys(releases.at(-1)!);
  const published = publishedPackages().map(({ json }) => json.name.replace('@provisioning/', ''));
  expect(published.filter((name) => !named.includes(name))).toEqual([]);
});
