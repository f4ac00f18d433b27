import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Plugin } from 'esbuild';

const schemaModules =
  /\/packages\/(?:extensions-sdk\/src\/schemas\/[\w-]+|providers\/[\w-]+\/src\/(?:config|schema))\.ts$/;

/**
 * Puts the finished JSON Schemas of extensions-sdk and the providers into a bundle instead of the calls that make them. A
 * command that only reads its configuration then loads no schema library. A module that exports anything but data stays
 * as it is.
 */
export function evaluatedSchemas(): Plugin {
  return {
    name: 'evaluated-schemas',
    setup(build) {
      build.onLoad({ filter: schemaModules }, async ({ path }) => {
        const url = `${pathToFileURL(path).href}?${statSync(path).mtimeMs}`;
        const exported = Object.entries((await import(url)) as Record<string, unknown>);
        if (exported.length === 0 || !exported.every(([, value]) => isData(value))) return undefined;
        const statements = exported.map(([name, value]) => `export const ${name} = ${literal(value)};`);
        return { contents: statements.join('\n'), loader: 'js' };
      });
    },
  };
}

/** Whether a value survives JSON; what a schema carries beside it matters only where schemas are put together. */
function isData(value: unknown): boolean {
  const hidden = typeof value === 'object' && value !== null && '~optional' in value;
  if (hidden || value === undefined || typeof value === 'function') return false;
  return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
}

/** Parsing JSON is faster than running a literal of the same size. */
function literal(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length < 2000 ? json : `JSON.parse(${JSON.stringify(json)})`;
}
