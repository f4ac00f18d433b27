import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { anySatisfies, versionsOf } from '../extensions/version.ts';
import { moduleClosure } from './closure.ts';

const packageFile = fileURLToPath(new URL('../../../taskservs/package.json', import.meta.url));

test('08.A1 every taskserv and cluster of the product can be loaded with what it requires', async () => {
  const catalogue = new ExtensionCatalogue({ moduleUrls: [pathToFileURL(packageFile).href] });
  const closure = async (kind: 'taskserv' | 'cluster', name: string): Promise<readonly string[]> => {
    const wanted = await moduleClosure({
      ...{ catalogue, kind, names: [name], available: new Map(), withDependencies: true },
      pick: async (of, other, range) =>
        (await catalogue.versions(of, other)).find(
          (record) => range === undefined || anySatisfies(versionsOf(record), range),
        ),
    });
    return wanted.map(({ record }) => record.name).sort();
  };
  for (const kind of ['taskserv', 'cluster'] as const) {
    for (const { name } of await catalogue.list(kind)) expect(await closure(kind, name)).toContain(name);
  }
  // A range is about the software: packages have versions of their own.
  expect(await closure('taskserv', 'kubernetes')).toEqual(['containerd', 'etcd', 'kubernetes', 'os', 'runc']);
});
