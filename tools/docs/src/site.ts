/** `npm run docs:site [-- --out <folder>] [--serve [port]]`: the documentation as a static site. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSite } from './site/build.ts';
import { serveSite } from './site/serve.ts';

const { values } = parseArgs({
  options: { out: { type: 'string' }, serve: { type: 'boolean' }, port: { type: 'string', default: '8000' } },
});
const target = resolve(values.out ?? join(import.meta.dirname, '../../../docs/site'));
const pages = buildSite(target);
console.log(`${pages.length} pages in ${target}`);
if (values.serve) {
  await serveSite(target, Number(values.port));
  console.log(`http://localhost:${values.port}/`);
}
