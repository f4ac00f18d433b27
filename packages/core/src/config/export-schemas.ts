import {
  Cluster,
  CompanyEnvironment,
  ConfigurationSchema,
  InfrastructureDefinition,
  InstallerConfiguration,
  Network,
  Server,
  Settings,
  Storage,
} from '@provisioning/extensions-sdk';
import type { TSchema } from 'typebox';
import { isRecord } from './merge.ts';

const draft = 'http://json-schema.org/draft-07/schema#';

/** Names a server field may be written under; editors offer them too. */
const serverAliases: Readonly<Record<string, object>> = {
  name: { type: 'string' },
  instance_type: { type: 'string' },
  cpu_cores: { type: 'integer' },
  memory_gb: { type: 'number' },
  memory_mb: { type: 'integer' },
  disk_gb: { type: 'integer' },
  region: { type: 'string' },
  image: { type: 'string' },
};

/**
 * JSON Schemas for editors (TOML and YAML completion), by file name: what may be written, not what is resolved, so
 * nothing with a default is required and expressions are allowed where a value is.
 */
export function editorSchemas(): Record<string, object> {
  const server = editable(Server) as { properties: Record<string, unknown> };
  server.properties = { ...server.properties, ...serverAliases };
  const taskserv = server.properties['taskservs'] as { items?: unknown };
  if (taskserv.items !== undefined) taskserv.items = { anyOf: [{ type: 'string' }, taskserv.items] };
  const servers = {
    anyOf: [
      { type: 'array', items: server },
      { type: 'object', additionalProperties: server },
    ],
  };
  const definition = editable(InfrastructureDefinition) as { properties: Record<string, unknown> };
  const settings = editable(Settings) as { properties: Record<string, unknown> };
  return {
    'provisioning.schema.json': titled('Workspace configuration', editable(ConfigurationSchema)),
    'settings.schema.json': titled('Infrastructure settings', {
      type: 'object',
      properties: { ...settings.properties, ...definition.properties, servers },
    }),
    'servers.schema.json': titled('Servers', { type: 'object', properties: { servers } }),
    'network.schema.json': titled('Network', {
      type: 'object',
      properties: { network: editable(Network), ...propertiesOf(editable(Network)) },
    }),
    'storage.schema.json': titled('Storage', {
      type: 'object',
      properties: { storage: editable(Storage), ...propertiesOf(editable(Storage)) },
    }),
    'cluster.schema.json': titled('Cluster', editable(Cluster)),
    'environment.schema.json': titled('Company environment', editable(CompanyEnvironment)),
  };
}

function titled(title: string, schema: object): object {
  return { $schema: draft, ...schema, title };
}

function propertiesOf(schema: object): Record<string, unknown> {
  return (schema as { properties?: Record<string, unknown> }).properties ?? {};
}

const expression = { type: 'string', pattern: '\\{\\{' };

/** A schema for what is written: nothing is required, our own keywords go, an expression may stand for any value. */
function editable(schema: TSchema | object): object {
  const node = schema as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (['required', 'messages', 'secret', '$id', '~kind'].includes(key)) continue;
    if (key === 'patternProperties' && isRecord(value)) {
      result[key] = Object.fromEntries(
        Object.entries(value).map(([name, child]) => [name, editable(child as object)]),
      );
    } else if (key === 'properties' && isRecord(value)) {
      result[key] = Object.fromEntries(
        Object.entries(value).map(([name, child]) => [name, orExpression(editable(child as object))]),
      );
    } else if ((key === 'items' || key === 'additionalProperties') && isRecord(value))
      result[key] = editable(value);
    else if (key === 'anyOf' && Array.isArray(value))
      result[key] = value.map((one) => editable(one as object));
    else result[key] = value;
  }
  return result;
}

function orExpression(schema: object): object {
  const { type, enum: values, description, default: fallback } = schema as Record<string, unknown>;
  const single = type === 'integer' || type === 'number' || type === 'boolean' || Array.isArray(values);
  if (!single) return schema;
  return {
    anyOf: [schema, expression],
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

/** A reference page of a schema: one table row for each key. */
export function schemaPage(name: string, schema: TSchema): string {
  const rows: string[] = [];
  const walk = (node: Record<string, unknown>, prefix: string): void => {
    for (const [key, child] of Object.entries(
      (node['properties'] ?? {}) as Record<string, Record<string, unknown>>,
    )) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      if (child['properties'] !== undefined && Object.keys(child['properties'] as object).length > 0) {
        walk(child, path);
        continue;
      }
      const fallback = child['default'];
      const values = Array.isArray(child['enum']) ? child['enum'].join(', ') : String(child['type'] ?? 'any');
      const text = fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``;
      rows.push(
        `| \`${path}\` | ${values} | ${text} | ${String(child['description'] ?? '').replaceAll('|', '\\|')} |`,
      );
      const items = child['items'] as Record<string, unknown> | undefined;
      if (items?.['properties'] !== undefined) walk(items, `${path}[]`);
    }
  };
  walk(schema as unknown as Record<string, unknown>, '');
  return `# ${name}\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** Schemas by the name `config schema <name>` takes. */
export const namedSchemas: Readonly<Record<string, TSchema>> = {
  configuration: ConfigurationSchema,
  settings: Settings,
  server: Server,
  network: Network,
  storage: Storage,
  cluster: Cluster,
  environment: CompanyEnvironment,
  infrastructure: InfrastructureDefinition,
  installer: InstallerConfiguration,
};
