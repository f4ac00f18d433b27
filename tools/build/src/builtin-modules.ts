import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Takes Node's own modules as objects instead of importing them. To import one, Node first reads every property of it for
 * the ESM facade; of `node:http` alone that loads the whole of its fetch implementation, a sixth of a short command.
 */
export function builtinsAsObjects(): Plugin {
  const known = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
  return {
    name: 'builtins-as-objects',
    setup(build) {
      build.onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, ({ path, kind }) =>
        known.has(path) && (kind === 'import-statement' || kind === 'dynamic-import')
          ? { path: path.replace(/^node:/, ''), namespace: 'builtin' }
          : undefined,
      );
      // CommonJS for esbuild, so that names resolve when they are used, not when the module is linked.
      build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule(${JSON.stringify(`node:${path}`)});`,
        loader: 'js',
      }));
    },
  };
}
