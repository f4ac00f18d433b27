import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/**
 * Before Jest starts: tests of real parts run the bundled programs, so a bundle that is older than its sources is built
 * anew. Looking takes a moment; tests of code alone do not even look.
 */
export default async function freshBundles({ testPathPatterns }) {
  const patterns = (testPathPatterns?.patterns ?? []).map((pattern) => new RegExp(pattern, 'i'));
  const files = globSync('{packages,tools}/**/*.e2e.test.ts', {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  });
  const isMeant = (file) => patterns.some((pattern) => pattern.test(file) || pattern.test(join(root, file)));
  if (patterns.length > 0 && !files.some(isMeant)) return;
  const { buildAll } = await import('./src/all.ts');
  for (const { name, built, milliseconds } of await buildAll())
    if (built) console.error(`${name} built in ${milliseconds} ms`);
}
