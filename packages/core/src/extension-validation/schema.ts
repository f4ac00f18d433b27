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
  for (const base of ['config', 'default/defs']) {
    for (const file of candidateFiles(join(path, base))) {
      const document = await findings.attempt(() => readSource(file));
      if (document === undefined) continue;
      for (const problem of problems({ ...defaults, ...document.value }))
        findings.error(`${base}: ${problem}`);
    }
  }
}
