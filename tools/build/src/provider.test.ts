import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Provider } from '@provisioning/extensions-sdk';
import { publishedPackages } from '../../release/src/packages.ts';
import { publishedManifest } from '../../release/src/stage.ts';
import { bundle } from './bundle.ts';
import { providerBundles } from './provider.ts';
import { runProgram } from './testing/process.ts';

const root = join(import.meta.dirname, '../../..');
const names = globSync('packages/providers/*/package.json', { cwd: root }).map((file) => dirname(file));

/** What a provider says of itself, as JSON. */
function described(provider: Provider): unknown {
  const { apiVersion, configSchema, serverSchema, defaults } = provider;
  const all = { apiVersion, metadata: provider.metadata(), configSchema, serverSchema, defaults };
  return JSON.parse(JSON.stringify(all));
}

test('the bundle of a provider says of itself what its sources say, and opens no library', async () => {
  for (const spec of providerBundles(root)) await bundle(root, spec, false);
  const source = `
    const { registerHooks } = await import('node:module');
    const opened = [];
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (!found.url.startsWith('node:')) opened.push(found.url);
        return found;
      },
    });
    const described = ${described.toString()};
    const all = {};
    for (const url of ${JSON.stringify(names.map((name) => pathToFileURL(join(root, name, 'dist/index.js')).href))}) {
      opened.length = 0;
      const { default: provider } = await import(url);
      all[url] = { described: described(provider), opened: [...new Set(opened)] };
    }
    console.log(JSON.stringify(all));`;
  const { code, stdout, stderr } = await runProgram(process.execPath, [
    '--input-type=module',
    '--eval',
    source,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const all = JSON.parse(stdout) as Record<string, { described: unknown; opened: readonly string[] }>;
  for (const name of names) {
    const { default: provider } = (await import(join(root, name, 'src/index.ts'))) as { default: Provider };
    const url = pathToFileURL(join(root, name, 'dist/index.js')).href;
    expect({ name, ...(all[url]!.described as object) }).toEqual({
      name,
      ...(described(provider) as object),
    });
    // The bundle, the lines that all bundles share, and for local what its second door shares.
    expect(all[url]!.opened.length).toBeLessThanOrEqual(3);
    expect(all[url]!.opened.filter((file) => !file.startsWith(dirname(url)))).toEqual([]);
  }
}, 120_000);

test('a published provider depends on what its bundle imports, and on nothing else', () => {
  const all = publishedPackages();
  for (const one of all.filter(({ provider }) => provider)) {
    const { dependencies, exports } = publishedManifest(one, all) as {
      dependencies: Record<string, string>;
      exports: Record<string, { default: string; types: string }>;
    };
    const code = globSync('dist/**/*.js', { cwd: one.folder }).map((file) =>
      readFileSync(join(one.folder, file), 'utf8'),
    );
    const imported = code.flatMap((text) =>
      [...text.matchAll(/(?:import\(|from ?)"((?!node:)[@\w][^"]*)"/g)].map(([, name]) => name),
    );
    expect(new Set(['@provisioning/extensions-sdk', ...imported])).toEqual(
      new Set(Object.keys(dependencies)),
    );
    expect(Object.values(dependencies).every((range) => typeof range === 'string')).toBe(true);
    expect(exports['.']!.default).toBe('./dist/index.js');
  }
});
