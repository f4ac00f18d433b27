import type { Configuration, Project } from '@provisioning/core';
import type { ProviderSchemas } from '@provisioning/extensions-sdk';
import type { Column } from '../output/table.ts';

/** One setting as its schema describes it. */
export interface SchemaRow {
  readonly where: 'config' | 'server';
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

export const schemaColumns: readonly Column<SchemaRow>[] = [
  { title: 'WHERE', value: ({ where }) => where },
  { title: 'KEY', value: ({ key }) => key },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'DEFAULT', value: (row) => row.default },
  { title: 'DESCRIPTION', value: ({ description }) => description },
];

/** The schemas of a provider; `null` where it does not load here. */
export async function schemasOf(project: Project, name: string): Promise<ProviderSchemas | null> {
  try {
    return await project.providerSchemas(name);
  } catch {
    return null;
  }
}

/** What may be set: in `providers.<p>` of the configuration, and under its name in servers. */
export function schemaRows(schemas: ProviderSchemas): SchemaRow[] {
  return (['config', 'server'] as const).flatMap((where) => {
    const { properties = {} } = schemas[where] as { properties?: Record<string, SchemaPart> };
    return Object.entries(properties).map(([key, part]) => ({
      where,
      key,
      type: typeOf(part),
      default: part.default === undefined ? '' : JSON.stringify(part.default),
      description: part.description ?? '',
    }));
  });
}

interface SchemaPart {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaPart[];
  readonly items?: SchemaPart;
  readonly default?: unknown;
  readonly description?: string;
}

function typeOf({ type, const: only, enum: values, anyOf, items }: SchemaPart): string {
  if (only !== undefined) return String(only);
  if (values !== undefined) return values.join(' | ');
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' | ');
  if (type === 'array') return `list of ${items === undefined ? 'any' : typeOf(items)}`;
  return type ?? 'any';
}

/** One setting in force and where it was said. */
export interface SettingInForce {
  readonly key: string;
  readonly value: unknown;
  readonly layer: string;
  readonly file?: string;
  readonly line?: number;
}

/** `providers.<p>` as it is in force, secrets hidden. */
export function settingsInForce(configuration: Configuration, name: string): SettingInForce[] {
  return configuration.leaves(['providers', name]).map((path) => {
    const { key, value, layer, file, line } = configuration.provenance(path);
    return {
      ...{ key, value, layer },
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
    };
  });
}
