import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyDefaults } from '@provisioning/extensions-sdk';
import { type Data, parseDocument } from '../config/document.ts';
import { type ConfigSchema, configSchema } from '../extensions/schema.ts';
import { readSource } from '../sources/read-source.ts';
import { renderText } from './render.ts';

/**
 * The definition that a cluster's folder holds: `cluster.yaml`, or `cluster.yaml.hbs`, which is rendered with the settings
 * of `schema/config.json` (07 §10.5).
 * @param given settings over their defaults; what is no setting is ignored.
 * @param check refuses settings before anything is rendered; without it, what has no default is as in the schema's examples.
 * @returns undefined where the folder has neither; `settings` are the keys that are settings and not of the definition.
 */
export async function readClusterFile(
  folder: string,
  given: Data = {},
  check?: (settings: Data, schema: ConfigSchema) => Promise<void>,
): Promise<{ readonly definition: Data; readonly settings: readonly string[] } | undefined> {
  const names = await readdir(folder);
  const plain = names.find((name) => /^cluster\.(ya?ml|toml|json)$/.test(name));
  if (plain !== undefined) {
    const definition = (await readSource(join(folder, plain)))?.value;
    return definition === undefined ? undefined : { definition, settings: [] };
  }
  if (!names.includes('cluster.yaml.hbs')) return undefined;
  const file = join(folder, 'cluster.yaml.hbs');
  const schema = (await configSchema(folder)) ?? {};
  const own = Object.entries(given).filter(([key]) => Object.hasOwn(schema.properties ?? {}, key));
  const examples = check === undefined ? examplesOf(schema) : {};
  const settings = structuredClone({ ...examples, ...Object.fromEntries(own) });
  applyDefaults(schema as never, settings);
  await check?.(settings, schema);
  const text = await renderText(await readFile(file, 'utf8'), file, settings);
  const definition = parseDocument(text, file.slice(0, -'.hbs'.length)).value;
  return { definition, settings: Object.keys(schema.properties ?? {}) };
}

function examplesOf({ properties = {} }: ConfigSchema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, { examples }]) =>
      Array.isArray(examples) && examples.length > 0 ? [[key, examples[0] as unknown]] : [],
    ),
  );
}
