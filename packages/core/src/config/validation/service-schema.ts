import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type DialectSchema, type FieldRule, parseDialect } from './dialect.ts';
import { shippedSchemas } from './shipped-schemas.ts';

/** Shipped schemas of services; the others in the table are no services. */
const shippedServices = ['orchestrator'];

/** The services a form or a check knows here: shipped ones, and those with a schema in the workspace (02 §11.2). */
export async function knownServices(workspacePath: string): Promise<readonly string[]> {
  const files = await readdir(path.join(workspacePath, 'config', 'platform')).catch(() => []);
  const own = files.flatMap((file) => (file.endsWith('.schema.toml') ? [file.slice(0, -12)] : []));
  return [...new Set([...shippedServices, ...own])].sort();
}

/**
 * The schema of a platform service: `config/platform/<svc>.schema.toml` of the workspace, else the shipped one.
 * @throws ProvisioningError `SERVICE_NOT_FOUND` (exit 5), `SCHEMA_INVALID` (exit 3)
 */
export async function serviceSchema(workspacePath: string, service: string): Promise<DialectSchema> {
  const known = await knownServices(workspacePath);
  if (!known.includes(service)) {
    throw new ProvisioningError({
      code: 'SERVICE_NOT_FOUND',
      kind: 'not-found',
      message: `Service '${service}' not found`,
      hint: `Services: ${known.join(', ')}. Others need a schema: config/platform/${service}.schema.toml`,
    });
  }
  const own = path.join(workspacePath, 'config', 'platform', `${service}.schema.toml`);
  const text = await readFile(own, 'utf8').catch(() => undefined);
  return text === undefined
    ? parseDialect(shippedSchemas[service]!, `${service}.schema.toml`)
    : parseDialect(text, own);
}

const types: Readonly<Record<string, string>> = {
  string: 'string',
  path: 'string',
  int: 'integer',
  float: 'number',
  bool: 'boolean',
  list: 'array',
  record: 'object',
};

/** The same as JSON Schema, for forms and editors. */
export function dialectAsJsonSchema(title: string, schema: DialectSchema): Record<string, unknown> {
  const root: Node = { type: 'object', title, properties: {} };
  for (const rule of schema.fields) {
    let node = root;
    for (const key of rule.path.slice(0, -1))
      node = (node.properties ??= {})[key] ??= { type: 'object', properties: {} };
    (node.properties ??= {})[rule.path.at(-1)!] = leaf(rule);
  }
  for (const required of schema.required) {
    let node: Node | undefined = root;
    for (const key of required.slice(0, -1)) node = node?.properties?.[key];
    const name = required.at(-1)!;
    if (node !== undefined && node.properties?.[name] !== undefined)
      node.required = [...(node.required ?? []), name];
  }
  return root as Record<string, unknown>;
}

interface Node {
  type?: string;
  title?: string;
  properties?: Record<string, Node>;
  required?: string[];
}

function leaf(rule: FieldRule): Node {
  const number = rule.type === 'int' || rule.type === 'float';
  return {
    ...(rule.type === undefined || types[rule.type] === undefined ? {} : { type: types[rule.type] }),
    ...(rule.enum === undefined ? {} : { enum: rule.enum }),
    ...(number && rule.min !== undefined ? { minimum: rule.min } : {}),
    ...(number && rule.max !== undefined ? { maximum: rule.max } : {}),
    ...(rule.pattern === undefined || rule.pattern.startsWith('@') ? {} : { pattern: rule.pattern }),
    ...(rule.secret === true ? { secret: true } : {}),
  };
}
