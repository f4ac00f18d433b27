/**
 * `npm run conformance [-- <suite>] [--json]`: suites against real peers that the default tests leave out, because they
 * need toolchains (Go, Python) or take long. A suite installs what it needs itself and says plainly what it skipped.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ConformanceSuite, SuiteResult } from './suite.ts';

const folder = join(import.meta.dirname, 'suites');
const names = existsSync(folder)
  ? readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.name.endsWith('.ts'))
      .map((entry) => entry.name.replace(/\.ts$/, ''))
      .sort()
  : [];
const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith('--'));
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0 || words.includes('--help')) {
  if (unknown.length > 0) console.error(`Unknown suite: ${unknown.join(', ')}`);
  console.error(`Usage: npm run conformance -- [suite…] [--json]\nSuites: ${names.join(', ') || 'none'}`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const results: SuiteResult[] = [];
for (const name of wanted.length > 0 ? wanted : names) {
  const file = existsSync(join(folder, `${name}.ts`)) ? `${name}.ts` : join(name, 'suite.ts');
  const { default: suite } = (await import(join(folder, file))) as { default: ConformanceSuite };
  console.error(`== ${name}: ${suite.title}`);
  const result = await suite.run((message) => console.error(`   ${message}`));
  results.push({ suite: name, ...result });
  for (const entry of result.cases) {
    if (entry.status !== 'passed')
      console.error(`   ${entry.status}: ${entry.name}${entry.reason ? ` (${entry.reason})` : ''}`);
  }
}

const count = (status: string): number =>
  results.reduce((sum, { cases }) => sum + cases.filter((entry) => entry.status === status).length, 0);
if (words.includes('--json')) console.log(JSON.stringify(results, null, 2));
else console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
process.exit(count('failed') === 0 ? 0 : 1);
