import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const text = readFileSync(new URL('../../cluster.yaml', import.meta.url), 'utf8');

test('every dependency is a component', () => {
  const names = new Set([...text.matchAll(/^  - name: (\S+)$/gm)].map(([, name]) => name));
  const lists = [...text.matchAll(/^    dependencies: \[(.*)\]$/gm)].map(([, list]) => list.split(',').map((name) => name.trim()));
  for (const name of lists.flat()) assert.ok(names.has(name), `unknown component ${name}`);
});
