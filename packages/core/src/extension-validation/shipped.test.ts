import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { validateExtension } from './validate.ts';

const shipped = fileURLToPath(new URL('../../../taskservs/', import.meta.url));

test('08 §4.2 every cluster of the catalogue is valid, also one that is called like its taskserv', async () => {
  const moduleUrls = [pathToFileURL(join(shipped, 'package.json')).href];
  const catalogue = new ExtensionCatalogue({ moduleUrls });
  const folders = globSync('clusters/*/manifest.yaml', { cwd: shipped }).map((file) =>
    join(shipped, dirname(file)),
  );
  expect(folders.length).toBeGreaterThan(4);
  for (const folder of folders) {
    const { valid, rules } = await validateExtension(folder, 'cluster', { catalogue });
    const errors = Object.values(rules).flatMap((rule) => rule.errors);
    expect([folder, valid, errors]).toEqual([folder, true, []]);
  }
});
