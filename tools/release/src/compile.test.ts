import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import { publishedSources } from './compile.ts';
import { publishedPackages } from './packages.ts';

test('11 §1 what is published imports nothing from outside its package by a path', () => {
  // A bundle is made of what its entry point imports.
  const packages = publishedPackages().filter(({ bundled }) => !bundled);
  expect(packages.length).toBeGreaterThan(10);
  const outside = packages.flatMap(({ folder }) =>
    publishedSources(folder).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']*)'/g)]
        .map(([, path]) => relative(folder, join(dirname(file), path!)))
        .filter((path) => path.startsWith('..'))
        .map((path) => `${relative(folder, file)}: ${path}`),
    ),
  );
  expect(outside).toEqual([]);
});
