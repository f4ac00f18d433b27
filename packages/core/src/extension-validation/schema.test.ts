import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Findings } from './findings.ts';
import { validateSchema } from './schema.ts';

test('09 §3 rule 2: a schema is one, and its defaults are valid by it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-schema-'));
  const problems = async (schema: object): Promise<readonly string[]> => {
    await mkdir(join(folder, 'schema'), { recursive: true });
    await writeFile(join(folder, 'schema/config.json'), JSON.stringify(schema));
    const findings = new Findings();
    await validateSchema(folder, findings);
    return findings.errors;
  };
  const text = { type: 'string', default: 'x' };
  try {
    expect(await problems({ type: 'object', properties: { name: text } })).toEqual([]);
    expect(await problems({ type: 'objekt' })).toContain(
      'schema/config: type must be equal to one of the allowed values',
    );
    expect(await problems({ properties: { name: { ...text, type: 'integer' } } })).toEqual([
      'schema/config: default of name must be integer',
    ]);
    expect(await problems({ properties: { name: { ...text, pattern: '(' } } })).toEqual([
      expect.stringContaining('Invalid regular expression'),
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
