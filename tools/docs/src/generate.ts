/** `npm run docs [-- --check]`: writes the generated pages, or says which of them are out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedPages } from './pages.ts';

const docs = join(import.meta.dirname, '../../../docs');
const check = process.argv.includes('--check');
let stale = 0;
for (const [name, text] of Object.entries(await generatedPages())) {
  const file = join(docs, name);
  if (read(file) === text) continue;
  if (check) {
    stale += 1;
    console.error(`out of date: docs/${name}`);
    continue;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`written: docs/${name}`);
}
if (stale > 0) {
  console.error('Run npm run docs and commit the result');
  process.exitCode = 1;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
