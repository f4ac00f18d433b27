import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseDialect } from '../config/validation/dialect.ts';
import { shippedSchemas } from '../config/validation/shipped-schemas.ts';
import { validateFile } from '../config/validation/validate.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provider-schemas-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const schemaOf = (provider: string) =>
  fileURLToPath(new URL(`../../../providers/${provider}/config.schema.toml`, import.meta.url));

const right: Readonly<Record<string, string>> = {
  aws: '[provider]\nname = "aws"\nregion = "us-gov-west-1"\n[credentials]\ntype = "environment"\n',
  upcloud: '[provider]\nname = "upcloud"\ndefault_zone = "de-fra1"\nstorage_size = 25\n',
  hetzner: '[provider]\nname = "hetzner"\ndefault_zone = "fsn1"\n',
  local: '[provider]\nname = "local"\nruntime = "podman"\n',
  baremetal: '[provider]\nname = "baremetal"\ncurrency = "EUR"\n',
  rest: '[provider]\nbase_url = "https://api.example.com/v1"\n',
};

test.each(Object.keys(right))(
  '06.A16 the schema file of %s parses and accepts a right file',
  async (provider) => {
    const text = await readFile(schemaOf(provider), 'utf8');
    expect(parseDialect(text, provider).fields.length).toBeGreaterThan(2);
    const file = join(folder, `${provider}.toml`);
    await writeFile(file, right[provider]!);
    expect(await validateFile(file, schemaOf(provider))).toMatchObject({
      valid: true,
      errors: [],
      warnings: [],
    });
  },
);

test('06.A16 the region EU is refused by the pattern, at its line', async () => {
  const file = join(folder, 'aws-eu.toml');
  await writeFile(file, right['aws']!.replace('us-gov-west-1', 'EU'));
  const { valid, errors } = await validateFile(file, schemaOf('aws'));
  expect(valid).toBe(false);
  expect(errors).toMatchObject([{ line: 3, message: expect.stringContaining('provider.region') }]);
  expect(errors[0]!.message).toMatch(/pattern/);
});

test('the schema that checks workspaces where the provider is not installed is the same', async () => {
  expect(await readFile(schemaOf('aws'), 'utf8')).toContain(shippedSchemas['aws']!);
});
