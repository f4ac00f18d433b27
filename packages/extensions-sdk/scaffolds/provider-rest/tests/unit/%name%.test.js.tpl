import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const text = readFileSync(new URL('../../rest.yaml', import.meta.url), 'utf8');

test('the service is reached over https, and the token comes from the environment', () => {
  assert.match(text, /^base_url: https:/m);
  assert.match(text, /env: %NAME%_TOKEN/);
});
