import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Each function of semver when it is first called. The index evaluates all forty of them; a command that compares two
 * versions needs five.
 */
export function lazySemver(root: string): Plugin {
  const index = createRequire(join(root, 'packages/distribution/package.json')).resolve('semver');
  return {
    name: 'lazy-semver',
    setup(build) {
      build.onResolve({ filter: /^semver$/ }, ({ kind }) =>
        kind === 'import-statement' ? { path: 'semver', namespace: 'lazy-semver' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'lazy-semver' }, () => ({
        contents: `
          const parts = { ${semverParts(readFileSync(index, 'utf8')).join(', ')} };
          export default new Proxy({}, { get: (_, name) => parts[name]?.() });`,
        loader: 'js',
        resolveDir: dirname(index),
      }));
    },
  };
}

/** `valid: () => require("./functions/valid")`, for every function and class that the index exports. */
export function semverParts(index: string): readonly string[] {
  const exported = new Set(
    /module\.exports = \{([^}]*)\}/
      .exec(index)?.[1]
      ?.split(/[\s,]+/)
      .filter((name) => name !== '') ?? [],
  );
  const required = [...index.matchAll(/^const (\w+) = require\('(\.[^']+)'\)$/gm)];
  return required
    .filter(([, name]) => exported.has(name!))
    .map(([, name, file]) => `${name}: () => require(${JSON.stringify(file)})`);
}
