import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pipelines } from './pipelines.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, '.github', 'workflows');

test("every package has its pipeline as 'npm run pipelines' writes it", () => {
  const wished = pipelines(root);
  const names = readdirSync(folder).filter((name) => name.startsWith('package-'));
  expect(names.sort()).toEqual([...wished.keys()].sort());
  for (const [name, content] of wished) expect(readFileSync(join(folder, name), 'utf8')).toBe(content);
});

test('a pipeline starts on changes of what its package is built on, not of others', () => {
  const core = pipelines(root).get('package-core.yml')!;
  expect(core).toContain('packages/extensions-sdk/**');
  expect(core).not.toContain('packages/orchestrator/**');
});
