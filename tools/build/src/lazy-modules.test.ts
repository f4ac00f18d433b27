import { createRequire } from 'node:module';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import type * as Semver from 'semver';
import { builtinsAsObjects } from './builtin-modules.ts';
import { lazySemver, semverParts } from './lazy-semver.ts';

const root = join(import.meta.dirname, '../../..');
const require = createRequire(join(root, 'packages/distribution/package.json'));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-lazy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a module exports after it was bundled as the program is. */
async function bundled(name: string, source: string): Promise<Record<string, unknown>> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents: source, resolveDir: join(root, 'packages/distribution/src'), loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [builtinsAsObjects(), lazySemver(root)],
    banner: { js: "const require=process.getBuiltinModule('module').createRequire(import.meta.url);" },
  });
  return (await import(pathToFileURL(outfile).href)) as Record<string, unknown>;
}

test('a module of Node that is imported when it is used gives its names', async () => {
  const { results } = await bundled(
    'dynamic-builtins',
    `export const results = (async () => {
       const { stat } = await import('node:fs/promises');
       const { EventEmitter } = await import('node:events');
       return [(await stat(${JSON.stringify(root)})).isDirectory(), typeof EventEmitter];
     })();`,
  );
  expect(await results).toEqual([true, 'function']);
});

test('modules of Node work in a bundle by name, as a whole and where they are functions', async () => {
  const file = join(folder, 'content.txt');
  await writeFile(file, 'content');
  const { results } = await bundled(
    'builtins',
    `import { readFileSync, promises as fs } from 'node:fs';
     import * as path from 'node:path';
     import zlib from 'node:zlib';
     import { Readable } from 'node:stream';
     import EventEmitter, { once } from 'node:events';
     import process, { platform } from 'node:process';
     import { promisify } from 'node:util';
     class Own extends Readable {}
     class Emitter extends EventEmitter {}
     export const results = (async () => {
       const emitter = new Emitter();
       const heard = once(emitter, 'said');
       emitter.emit('said', 7);
       const { createHash } = await import('node:crypto');
       const ours = new Own();
       return {
         read: readFileSync(${JSON.stringify(file)}, 'utf8') + (await fs.readFile(${JSON.stringify(file)}, 'utf8')),
         joined: path.join('a', 'b') + path.sep,
         packed: zlib.gunzipSync(zlib.gzipSync('x')).toString(),
         isReadable: ours instanceof Readable,
         heard: (await heard)[0],
         platform: platform === process.platform,
         listening: process.on('provisioning-test', () => {}) === process,
         hashed: createHash('sha256').update('x').digest('hex').slice(0, 4),
         promisified: typeof promisify(setTimeout),
         has: 'join' in path,
       };
     })();`,
  );
  expect(await results).toEqual({
    read: 'contentcontent',
    joined: 'a/b/',
    packed: 'x',
    isReadable: true,
    heard: 7,
    platform: true,
    listening: true,
    hashed: '2d71',
    promisified: 'function',
    has: true,
  });
});

test('every function and class of semver is there in a bundle', async () => {
  const real = require('semver') as Record<string, unknown>;
  const functions = Object.keys(real).filter((name) => typeof real[name] === 'function');
  const parts = semverParts(await readFile(require.resolve('semver'), 'utf8')).map(
    (part) => part.split(':')[0],
  );
  expect(functions.filter((name) => !parts.includes(name))).toEqual([
    'compareIdentifiers',
    'rcompareIdentifiers',
  ]);
  const { semver } = await bundled('semver', `import semver from 'semver'; export { semver };`);
  const lazy = semver as typeof Semver;
  expect(lazy.maxSatisfying(['1.2.0', '1.10.0', '2.0.0'], '^1')).toBe('1.10.0');
  expect(new lazy.Range('>=1 <2').test(new lazy.SemVer('1.5.0'))).toBe(true);
});
