import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Lets this process import SurrealDB's packages from the folder that they were installed into. */
export function usePackagesOf(folder: string): void {
  const parentURL = pathToFileURL(join(folder, 'package.json')).href;
  const names = new Set(['surrealdb', '@surrealdb/node']);
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, names.has(specifier) ? { ...context, parentURL } : context),
  });
}
