import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { generate, modules } from './validators.ts';

test('the compiled validators are those of the schemas (node tools/build/src/validators.ts writes them)', async () => {
  for (const module of await modules())
    expect((await generate(module)) === (await readFile(module.file, 'utf8'))).toBe(true);
});
