import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runTarget } from '../testing/process.ts';
import { targets } from './table.ts';

const root = join(import.meta.dirname, '../../../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

test('every target is an npm script of its name, and the other way round', () => {
  const ran = Object.entries(scripts).filter(([, command]) => command.startsWith('node tools/build/run.ts '));
  expect(ran.map(([name]) => name).sort()).toEqual(Object.keys(targets).sort());
  for (const [name, command] of ran) expect(command).toBe(`node tools/build/run.ts ${name}`);
  expect(Object.keys(targets).length).toBeGreaterThanOrEqual(40);
});

test('unknown targets and flags are mistakes of the command line', async () => {
  expect(await runTarget('bogus')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Unknown target'),
  });
  expect(await runTarget('build', '--bogus')).toMatchObject({ code: 2 });
  expect(await runTarget('create-archives', '--variants', 'huge')).toMatchObject({ code: 2 });
}, 60_000);

test('a combined target says its steps, without doing them', async () => {
  const { code, stdout } = await runTarget('all', '--dry-run');
  expect([code, stdout]).toEqual([
    0,
    ['clean', 'build-all', 'package-all', 'test-dist'].map((name) => `Would run ${name}\n`).join(''),
  ]);
}, 60_000);

test('validate-structure names what is missing', async () => {
  const lines: string[] = [];
  const context = {
    root: join(root, 'packages'),
    flags: { words: [], text: () => undefined, list: () => undefined, on: () => false },
    environment: {},
    print: (line: string) => void lines.push(line),
    say: () => undefined,
  };
  expect(await targets['validate-structure']!.run(context)).toBe(1);
  expect(lines).toContain('✗ packages/core MISSING');
  expect(lines.at(-1)).toMatch(/^Results: \d+ passed, \d+ failed$/);
});
