import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the schema has a default for every field', () => {
  const { properties } = JSON.parse(read('schema/config.json'));
  for (const [name, field] of Object.entries(properties)) assert.ok('default' in field, `${name} has no default`);
});

test('every file of the manifest has its template', () => {
  const templates = new Set(readdirSync(new URL('../../default/', import.meta.url)));
  for (const [, template] of read('manifest.yaml').matchAll(/template: (\S+)/g)) assert.ok(templates.has(template), template);
});

test('scripts stop at the first error', () => {
  for (const name of readdirSync(new URL('../../scripts/', import.meta.url))) {
    assert.match(read(`scripts/${name}`), /^set -eu$/m, name);
  }
});
