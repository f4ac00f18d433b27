/** `npm run bench -- <suite> [--json]`: ours beside a peer, measured in the same run. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchSuite } from './suite.ts';

const own = new Set(['run.ts', 'suite.ts']);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !own.has(file) && !file.endsWith('.test.ts'))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();
const words = process.argv.slice(2);
const name = words.find((word) => !word.startsWith('--'));
if (name === undefined || !names.includes(name)) {
  console.error(`Usage: npm run bench -- <suite> [--json]\nSuites: ${names.join(', ')}`);
  process.exit(2);
}
const { default: suite } = (await import(join(import.meta.dirname, `${name}.ts`))) as { default: BenchSuite };
console.error(suite.title);
const { rows } = await suite.run((message) => console.error(`  ${message}`));
if (words.includes('--json')) console.log(JSON.stringify({ suite: name, rows }, null, 2));
else console.table(Object.fromEntries(rows.map(({ name: label, ...row }) => [label, row])));
