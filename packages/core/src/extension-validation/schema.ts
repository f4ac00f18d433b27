import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultsOf } from '@provisioning/extensions-sdk';
import { readSource } from '../sources/read-source.ts';
import { candidateFiles } from '../sources/source.ts';
import { configSchema } from '../extensions/schema.ts';
import type { Findings } from './findings.ts';

let compiler: ReturnType<typeof openCompiler> | undefined;

/** One for all folders. That a schema is one is checked beforehand, by code that need not be compiled here. */
async function openCompiler() {
  const { Ajv } = await import('ajv');
  return new Ajv({ allErrors: true, strict: false, validateFormats: false, validateSchema: false });
}

/** Rule 2: the schema loads, and the defaults are valid by it. */
export async function validateSchema(path: string, findings: Findings): Promise<void> {
  const schema = await findings.attempt(() => configSchema(path));
  if (schema === undefined) return;
  const { JsonSchema } = await import('./compiled-schema.js');
  if (!JsonSchema(schema)) {
    for (const { instancePath, message } of JsonSchema.errors ?? [])
      findings.error(`schema/config: ${instancePath.slice(1) || 'it'} ${message}`);
    return;
  }
  const files = ['config', 'default/defs'].flatMap((base) =>
    candidateFiles(join(path, base))
      .filter((file) => existsSync(file))
      .map((file) => ({ base, file })),
  );
  // Without values to check, compiling tells only whether references and patterns are right.
  if (files.length === 0 && isPlain(schema)) return;
  const ajv = await (compiler ??= openCompiler());
  const validate = await findings.attempt(() =>
    Promise.resolve(ajv.compile({ ...schema, $schema: undefined, $id: undefined })),
  );
  if (validate === undefined) return;
  const defaults = defaultsOf(schema as never);
  const problems = (data: unknown): string[] =>
    validate(data)
      ? []
      : (validate.errors ?? [])
          // What has no default is for the user to give.
          .filter(({ keyword }) => keyword !== 'required' && keyword !== 'if')
          .map(({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.')} ${message}`);
  for (const problem of problems(defaults)) findings.error(`schema/config: default of ${problem}`);
  for (const { base, file } of files) {
    const document = await findings.attempt(() => readSource(file));
    if (document === undefined) continue;
    for (const problem of problems({ ...defaults, ...document.value })) findings.error(`${base}: ${problem}`);
  }
}

/** Keywords with nothing in them that the metaschema does not judge, and without values of their own. */
const plainKeywords: ReadonlySet<string> = new Set([
  ...['$schema', 'title', 'description', 'examples', 'type', 'enum', 'required', 'additionalProperties'],
  ...['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'uniqueItems'],
]);

function isPlain(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return typeof schema === 'boolean';
  return Object.entries(schema).every(([keyword, value]) => {
    if (keyword === 'properties') return Object.values(value as object).every(isPlain);
    if (keyword === 'items' || (keyword === 'additionalProperties' && typeof value === 'object'))
      return isPlain(value);
    return plainKeywords.has(keyword);
  });
}
