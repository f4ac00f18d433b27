import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/** Modules whose methods need the module itself as `this`. */
const whole = new Set(['process', 'console', 'module']);

/**
 * Takes Node's own modules as objects instead of importing them, each when a name of it is first used. To import one,
 * Node first reads every property of it for the ESM facade; of `node:http` alone that loads the whole of its fetch
 * implementation, a sixth of a short command. And most commands use few of the modules that their files name.
 */
export function builtinsAsObjects(): Plugin {
  const known = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
  return {
    name: 'builtins-as-objects',
    setup(build) {
      build.onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, ({ path, kind }) => {
        if (!known.has(path)) return undefined;
        const name = path.replace(/^node:/, '');
        if (kind === 'import-statement') return { path: name, namespace: 'builtin' };
        // Taken apart when it has come, so it has to have its names as own ones: Node's own namespace.
        return kind === 'dynamic-import' ? { path: `node:${name}`, external: true } : undefined;
      });
      // CommonJS for esbuild, so that names resolve when they are used, not when the module is linked.
      build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: contentsOf(path),
        loader: 'js',
      }));
    },
  };
}

/** esbuild copies own names and keeps the prototype; so the names stand in the prototype, where nobody lists them. */
function contentsOf(name: string): string {
  const take = `process.getBuiltinModule(${JSON.stringify(`node:${name}`)})`;
  const isCallable = typeof process.getBuiltinModule(`node:${name}`) === 'function';
  if (isCallable || whole.has(name)) return `module.exports = ${take};`;
  return `
    let taken;
    const own = () => (taken ??= ${take});
    module.exports = Object.create(
      new Proxy({}, {
        get: (_, key) => (key === '__esModule' ? undefined : own()[key]),
        has: (_, key) => key in own(),
      }),
    );`;
}
