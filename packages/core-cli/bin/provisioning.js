#!/usr/bin/env node
/**
 * Entry of the binary. `--version` is answered before anything is loaded; everything else comes from the bundle, through
 * Node's compile cache. In a source checkout without a bundle, the bundle is built first.
 */
import { existsSync, readFileSync } from 'node:fs';
import * as module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const words = process.argv.slice(2);
const first = words[0];

if (
  words.length === 1 &&
  (first === '--version' || first === '-V' || first === '-v' || first === 'version')
) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else if (module.enableCompileCache === undefined || !process.features.typescript) {
  process.stderr.write(
    `error: provisioning needs Node.js 22.18 or newer, this is ${process.version}\n` +
      '  -> Install it from https://nodejs.org; in a source checkout run npm ci, then npm run provisioning -- <command>\n',
  );
  process.exitCode = 1;
} else {
  const bundle = new URL('../dist/main.js', import.meta.url);
  const builder = new URL('../../../tools/build/build.ts', import.meta.url);
  if (!existsSync(bundle) && existsSync(builder))
    await (await import(builder.href)).buildAll({ quiet: true });
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  module.enableCompileCache(join(cache, 'provisioning', 'compiled'));
  const { run } = await import(bundle.href);
  await run(words);
}
