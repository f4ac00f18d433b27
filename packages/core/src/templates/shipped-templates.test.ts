import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { Cluster, Server } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { isRecord, mergeData } from '../config/merge.ts';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { type ConfigSchema, configSchema } from '../extensions/schema.ts';
import { TemplateCatalogue } from './catalogue.ts';
import { templateSources } from './contribution.ts';

const corePath = fileURLToPath(new URL('../../../taskservs', import.meta.url));
const catalogue = new ExtensionCatalogue({ moduleUrls: [pathToFileURL(`${corePath}/package.json`).href] });

/** Keys that every taskserv of an infrastructure has beside its own settings (07 §2). */
const ofEvery = ['version'];

/** Keys of a value that its schema does not know, by path. A schema without properties takes anything. */
function unknown(schema: ConfigSchema | undefined, value: unknown, place: string): string[] {
  if (schema === undefined) return [place];
  if (Array.isArray(value)) return value.flatMap((entry) => unknown(schema.items ?? {}, entry, `${place}[]`));
  const { properties } = schema;
  if (!isRecord(value) || properties === undefined) return [];
  return Object.entries(value).flatMap(([key, inner]) => unknown(properties[key], inner, `${place}.${key}`));
}

const taskservSchema = async (name: string): Promise<ConfigSchema | undefined> => {
  const record = await catalogue.find('taskserv', name);
  return record === undefined ? undefined : configSchema(record.path);
};

/** Settings of a provider and what it knows of a server, under `defaults` all of it. */
async function providerSchema(name: string): Promise<ConfigSchema> {
  const [file, config, server] = {
    aws: ['aws/src/config.ts', 'AwsConfig', 'AwsServer'],
    upcloud: ['upcloud/src/config.ts', 'UpcloudConfig', 'ServerUpcloud'],
    local: ['local/src/schema.ts', 'LocalConfig', 'LocalServer'],
  }[name] as [string, string, string];
  const url = new URL(`../../../providers/${file}`, import.meta.url).href;
  const schemas = (await import(url)) as Record<string, ConfigSchema>;
  const fields = (Server as unknown as ConfigSchema).properties;
  // `default_plan` is read for every provider (06 §4.1), `default_zone` when a server says auto (06 §5.3).
  const common = { default_plan: {}, default_zone: {} };
  const defaults = { properties: { ...fields, [name]: schemas[server]! } };
  return { properties: { ...common, ...schemas[config]!.properties, defaults } };
}

async function unknownTo(kind: string, name: string, value: Data): Promise<string[]> {
  if (kind === 'provider') return unknown(await providerSchema(name), value, name);
  if (kind === 'taskserv') {
    const schema = await taskservSchema(name);
    const common = ofEvery.map((key) => [key, {}]);
    return unknown({ properties: { ...Object.fromEntries(common), ...schema?.properties } }, value, name);
  }
  const found = unknown(Cluster as unknown as ConfigSchema, value, name);
  for (const component of (value['components'] ?? []) as Data[]) {
    const service = String(component['service'] ?? component['name']);
    if (component['type'] === 'taskserv' && component['config'] !== undefined)
      found.push(...unknown(await taskservSchema(service), component['config'], `${name}/${service}`));
  }
  return found;
}

test('08 §7.2 no template sets anything that what it is about does not know', async () => {
  const templates = new TemplateCatalogue({ corePath });
  const reading = { importRoots: templates.roots.map(({ path }) => path) };
  const found: string[] = [];
  for (const template of await templates.list()) {
    for (const target of template.metadata.template.targets) {
      const [kind, name] = target.split(':') as ['taskserv', string];
      const variables = { domain: 'git.example.org' };
      const sources = await templateSources(templates, template, kind, name, variables, reading);
      const value = sources.reduce<Data>((lower, source) => mergeData(lower, source.value), {});
      expect(Object.keys(value)).not.toEqual([]);
      found.push(...(await unknownTo(kind, name, value)).map((key) => `${template.name}: ${key}`));
    }
  }
  expect(found).toEqual([]);
  expect(await unknownTo('taskserv', 'redis', { sentinel: { quorum: 2, instances: 3 } })).toEqual([
    'redis.sentinel.instances',
  ]);
});
