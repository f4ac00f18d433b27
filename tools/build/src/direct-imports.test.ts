import { expect, test } from '@jest/globals';
import { unnamedImports } from './direct-imports.ts';

test.each([
  "validator ??= import('ajv').then(({ Ajv }) => new Ajv());",
  "const yaml = await import('yaml');",
  "return (await import('yaml')).parse(text);",
])('a package loaded in a way that loses its names in a bundle is refused: %s', (line) => {
  expect(unnamedImports(`\n${line}\n`)).toEqual([
    { text: expect.stringContaining('no named exports'), line: 2 },
  ]);
});

test.each([
  "const { default: ssh2 } = await import('ssh2');",
  "const { readFile } = await import('node:fs/promises');",
  "const { Ajv } = await import('lazy:ajv?Ajv');",
  "const { loadConfiguration } = await import('@provisioning/core');",
  "let library: typeof import('handlebars');",
])('what bundles well passes: %s', (line) => {
  expect(unnamedImports(line)).toEqual([]);
});
