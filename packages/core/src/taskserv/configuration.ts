import { ProvisioningError, type TaskservUse } from '@provisioning/extensions-sdk';
import type { IssueAt } from '../config/places.ts';
import { jsonSchemaValidator, type JsonSchema } from '../extensions/json-schema.ts';
import { describeErrors } from '../extensions/schema-errors.ts';
import type { TaskservPackage } from './package.ts';

export type TaskservConfig = Readonly<Record<string, unknown>>;

/**
 * The configuration a taskserv runs with: schema defaults < profile of the package < the infrastructure's and the
 * server's own (08 §6.2). Records merge deeply, lists are replaced, unknown keys are kept.
 * @param at finds where a key of the configuration is written, for the findings.
 * @throws ProvisioningError `TASKSERV_CONFIG_INVALID` listing every finding; `TASKSERV_PROFILE_UNKNOWN`.
 */
export function resolveTaskservConfig(
  taskserv: TaskservPackage,
  use: TaskservUse,
  hostname: string,
  at?: IssueAt,
): TaskservConfig {
  const { name, profiles } = taskserv.manifest;
  const profile = profiles[use.profile];
  if (profile === undefined && use.profile !== 'default') {
    const known = ['default', ...Object.keys(profiles)];
    throw new ProvisioningError({
      code: 'TASKSERV_PROFILE_UNKNOWN',
      kind: 'configuration',
      message: `Taskserv ${name} on ${hostname} has no profile '${use.profile}'`,
      hint: `Profiles: ${[...new Set(known)].join(', ')}`,
    });
  }
  const config = mergeConfig(profile ?? {}, use.config);
  const validate = jsonSchemaValidator(taskserv.schema);
  if (validate(config)) return config;
  const issues = describeErrors(validate.errors, 'config', at);
  throw new ProvisioningError({
    code: 'TASKSERV_CONFIG_INVALID',
    kind: 'configuration',
    message: `Taskserv ${name} on ${hostname}: ${issues.map(({ message }) => message).join('; ')}`,
    hint: `See the configuration of ${name} with: provisioning taskserv show ${name}`,
    ...(issues.length === 1 && issues[0]!.location !== undefined ? { location: issues[0]!.location } : {}),
    issues,
  });
}

/** Deep merge into a new value; later wins, lists are replaced. */
export function mergeConfig(base: unknown, over: unknown): Record<string, unknown> {
  return merge(base, over) as Record<string, unknown>;
}

function merge(base: unknown, over: unknown): unknown {
  if (!isRecord(over)) return over === undefined ? structuredClone(base) : structuredClone(over);
  const result: Record<string, unknown> = isRecord(base)
    ? (structuredClone(base) as Record<string, unknown>)
    : {};
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') continue;
    result[key] = merge(result[key], value);
  }
  return result;
}

/**
 * Hostnames of other servers that a configuration names: values of schema fields with `"format": "server"`. Planning
 * makes dependencies of them, and their addresses are what templates may ask for.
 */
export function serverReferences(schema: JsonSchema, config: unknown): readonly string[] {
  const found = new Set<string>();
  collect(schema, config, found);
  return [...found].sort();
}

function collect(schema: unknown, value: unknown, found: Set<string>): void {
  if (!isRecord(schema) || value === undefined) return;
  if (schema.format === 'server' && typeof value === 'string' && value !== '') found.add(value);
  for (const part of ['anyOf', 'oneOf', 'allOf'] as const) {
    if (Array.isArray(schema[part])) for (const option of schema[part]) collect(option, value, found);
  }
  if (Array.isArray(value)) for (const item of value) collect(schema.items, item, found);
  else if (isRecord(value)) {
    const properties = isRecord(schema.properties) ? schema.properties : {};
    for (const [key, item] of Object.entries(value)) {
      collect(Object.hasOwn(properties, key) ? properties[key] : schema.additionalProperties, item, found);
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
