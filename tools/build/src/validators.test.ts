import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { generate } from './validators.ts';

test('the compiled validators are those of the schemas (node tools/build/src/validators.ts writes them)', async () => {
  const file = new URL('../../../packages/core/src/config/validation/compiled.js', import.meta.url);
  expect((await generate()) === (await readFile(file, 'utf8'))).toBe(true);
});
