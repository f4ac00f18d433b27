#!/usr/bin/env node
/**
 * Entry of the binary. `--version` is answered before anything is loaded; everything else comes from the bundle, through
 * Node's compile cache. In a source checkout without a bundle, the bundle is built first.
 */

// Not imported: the builtin modules' ESM facades alone would cost a fifth of the start.
const { readFileSync } = process.getBuiltinModule('node:fs');
const { enableCompileCache, registerHooks } = process.getBuiltinModule('node:module');

const words = process.argv.slice(2);
const first = words[0];

if (
  words.length === 1 &&
  (first === '--version' || first === '-V' || first === '-v' || first === 'version')
) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.on('error', ({ code, message }) => {
    if (code === 'EPIPE') return;
    process.stderr.write(`error: Cannot write the output: ${message}\n`);
    process.exitCode = 1;
  });
  process.stdout.write(`${version}\n`);
} else if (enableCompileCache === undefined || !process.features.typescript) {
  process.stderr.write(
    `error: provisioning needs Node.js 22.18 or newer, this is ${process.version}\n` +
      '  -> Install it from https://nodejs.org; in a source checkout run npm ci, then npm run provisioning -- <command>\n',
  );
  process.exitCode = 1;
} else {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const bundle = new URL('../dist/main.js', import.meta.url);
  const builder = new URL('../../../tools/build/src/all.ts', import.meta.url);
  if (!existsSync(bundle) && existsSync(builder)) {
    process.stderr.write('Building the programs of this checkout, once; this takes a minute\n');
    await (await import(builder.href)).buildAll();
  }
  const cache =
    process.env['XDG_CACHE_HOME'] || join(process.getBuiltinModule('node:os').homedir(), '.cache');
  const compiled = join(cache, 'provisioning', 'compiled');
  if (existsSync(compiled) || canMake(compiled)) enableCompileCache(compiled);
  resolveWithin(new URL('.', bundle).href);
  const { run } = await import(bundle.href);
  await run(words);
}

/**
 * Makes a folder with those above it. Node's own way never comes back where a kernel refuses new folders without saying so,
 * as below `/proc`.
 */
function canMake(folder) {
  const { existsSync, mkdirSync } = process.getBuiltinModule('node:fs');
  const { dirname } = process.getBuiltinModule('node:path');
  const above = dirname(folder);
  if (!existsSync(above) && (above === folder || !canMake(above))) return false;
  try {
    mkdirSync(folder, 0o700);
    return true;
  } catch (error) {
    return error.code === 'EEXIST';
  }
}

/**
 * Imports inside the bundle are files beside each other: their addresses need none of the questions to the file system
 * that Node asks for each of them.
 */
function resolveWithin(folder) {
  registerHooks?.({
    resolve(specifier, context, next) {
      if (!specifier.startsWith('.') || context.parentURL?.startsWith(folder) !== true)
        return next(specifier, context);
      return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true };
    },
  });
}
