import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { generate, modules } from '../validators.ts';
import type { Context } from './context.ts';

/**
 * `validate-schemas` (11 §3): every schema compiles, the generated validators are those of the schemas, every manifest of
 * the catalogue is valid, what it depends on exists, and the reference pages say what the schemas say.
 */
export async function validateSchemas({ root, flags, print, say }: Context): Promise<number> {
  const findings: string[] = [];
  const [compiled, problems] = await compileAll();
  findings.push(...problems);
  for (const module of await modules())
    if ((await generate(module)) !== readFileSync(module.file, 'utf8'))
      findings.push(`${module.file.pathname} is out of date: node tools/build/src/validators.ts`);
  const { manifests, problems: wrong } = await checkCatalogue(join(root, 'packages/taskservs'));
  findings.push(...wrong);
  const node = (file: string, ...words: string[]): number | null =>
    spawnSync(process.execPath, [join(root, file), ...words], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status;
  if (existsSync(join(root, 'tools/docs')) && node('tools/docs/src/generate.ts', '--check') !== 0)
    findings.push('the reference pages are out of date');
  const folders = ['packages/extensions-sdk/src/schemas', 'packages/client/src/schemas'];
  if (flags.on('format-code') && node('node_modules/prettier/bin/prettier.cjs', '--check', ...folders) !== 0)
    findings.push('the schemas are not formatted');
  for (const finding of findings) say(`error: ${finding}`);
  if (findings.length === 0) print(`${compiled} schemas and ${manifests} manifests are valid`);
  return findings.length === 0 ? 0 : 1;
}

async function compileAll(): Promise<readonly [number, readonly string[]]> {
  const packages = [await import('@provisioning/extensions-sdk'), await import('@provisioning/client')];
  const named = packages.flatMap((exported) => Object.entries(exported as Record<string, unknown>));
  const { commandOutputs } = packages[1] as { commandOutputs: Readonly<Record<string, object>> };
  const schemas = [...named.filter(([, value]) => isSchema(value)), ...Object.entries(commandOutputs)];
  const problems: string[] = [];
  for (const [name, schema] of schemas) {
    try {
      new Ajv({ strict: false, logger: false, validateFormats: false }).compile(
        withoutNames(schema as object),
      );
    } catch (error) {
      problems.push(`schema ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return [schemas.length, problems];
}

/** Names are for the API's description; the same part may stand twice in one schema, each with words of its own. */
function withoutNames(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value)),
  ) as object;
}

function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '~kind' in value;
}

async function checkCatalogue(
  folder: string,
): Promise<{ readonly manifests: number; readonly problems: readonly string[] }> {
  const { readManifest } = await import('@provisioning/core');
  const folders = globSync(['*/*/manifest.yaml'], { cwd: folder })
    .filter((file) => !/^(?:templates|dist|node_modules|src)\//.test(file))
    .map((file) => dirname(join(folder, file)));
  const names = new Set(folders.map((one) => basename(one)));
  const problems: string[] = [];
  for (const one of folders) {
    try {
      await readManifest(one);
      const { dependencies = {} } = parse(readFileSync(join(one, 'manifest.yaml'), 'utf8')) as {
        readonly dependencies?: Readonly<Record<string, unknown>>;
      };
      for (const alternatives of Object.keys(dependencies))
        if (!alternatives.split('|').some((name) => names.has(name.replace(/^.*\//, ''))))
          problems.push(`${basename(one)} needs ${alternatives}, which the catalogue does not have`);
    } catch (error) {
      problems.push(`${basename(one)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { manifests: folders.length, problems };
}
