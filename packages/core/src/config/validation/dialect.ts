import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from '../document.ts';
import { parseToml } from '../formats/toml.ts';
import { isRecord, keyPath, valueAt } from '../merge.ts';
import { type Finding, typeName } from './schema-issues.ts';

/** A rule for one key of a `*.schema.toml` (02 §11.2). */
export interface FieldRule {
  readonly path: readonly string[];
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly secret?: boolean;
}

export interface DialectSchema {
  readonly required: readonly (readonly string[])[];
  readonly fields: readonly FieldRule[];
  /** Old key and what replaces it. */
  readonly deprecated: readonly {
    readonly path: readonly string[];
    readonly replacement?: readonly string[];
  }[];
}

const keywords = new Set(['type', 'enum', 'min', 'max', 'pattern', 'secret', 'description', 'default']);

/** Patterns that `pattern = "@hostname"` names (02 §11.2). */
export const namedPatterns: Readonly<Record<string, string>> = {
  hostname: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  email: '^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}$',
  semver: '^\\d+\\.\\d+\\.\\d+(-[a-zA-Z0-9.]+)?$',
  url: '^https?://[a-zA-Z0-9.-]+(:[0-9]+)?(/.*)?$',
  ipv4: '^((25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(?!$)|$)){4}$',
  aws: '^(i|ami|vpc|subnet)-[a-f0-9]{8,17}$',
};

/** Reads a schema. @throws ProvisioningError `SCHEMA_INVALID` */
export function parseDialect(text: string, file: string): DialectSchema {
  let value: Data;
  try {
    value = parseToml(text);
  } catch (cause) {
    throw schemaError(file, (cause as Error).message, cause);
  }
  const names = (table: unknown): string[] => {
    const list = isRecord(table) ? table['fields'] : undefined;
    return Array.isArray(list) ? list.map(String) : [];
  };
  const replacements = isRecord(value['deprecated_replacements']) ? value['deprecated_replacements'] : {};
  const fields: FieldRule[] = [];
  if (isRecord(value['fields']))
    for (const [key, child] of Object.entries(value['fields'])) collect(keyPath(key), child, fields);
  for (const field of fields) compiled(field, file);
  return {
    required: names(value['required']).map(keyPath),
    fields,
    deprecated: names(value['deprecated']).map((name) => {
      const replacement = lookup(replacements, name);
      return {
        path: keyPath(name),
        ...(replacement === undefined ? {} : { replacement: keyPath(replacement) }),
      };
    }),
  };
}

/** Replacements may be written `old = "new"`, with quotes or as dotted keys. */
function lookup(replacements: Data, name: string): string | undefined {
  const value = replacements[name] ?? valueAt(replacements, name.split('.'));
  return typeof value === 'string' ? value : undefined;
}

function collect(path: readonly string[], node: unknown, fields: FieldRule[]): void {
  if (!isRecord(node)) return;
  const rule: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (keywords.has(key) && !isRecord(value)) rule[key] = value;
    else if (isRecord(value)) collect([...path, ...keyPath(key)], value, fields);
  }
  if (Object.keys(rule).length > 0) fields.push({ path, ...rule });
}

const patterns = new WeakMap<FieldRule, RegExp>();

function compiled(rule: FieldRule, file: string): RegExp | undefined {
  if (rule.pattern === undefined) return undefined;
  const known = patterns.get(rule);
  if (known !== undefined) return known;
  const source = rule.pattern.startsWith('@') ? namedPatterns[rule.pattern.slice(1)] : rule.pattern;
  if (source === undefined) throw schemaError(file, `unknown named pattern ${rule.pattern}`);
  try {
    const pattern = new RegExp(source, 'u');
    patterns.set(rule, pattern);
    return pattern;
  } catch (cause) {
    throw schemaError(
      file,
      `pattern of ${rule.path.join('.')} is not valid: ${(cause as Error).message}`,
      cause,
    );
  }
}

function schemaError(file: string, reason: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'SCHEMA_INVALID',
    kind: 'configuration',
    message: `Schema file is not valid: ${file}: ${reason}`,
    location: { file },
    cause,
  });
}

export interface DialectResult {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Checks data against a schema. Unknown keys are fine; an absent optional field is not checked. */
export function checkDialect(data: Data, schema: DialectSchema): DialectResult {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const effective = withReplacements(data, schema, warnings);
  const missing: (readonly string[])[] = [];
  for (const path of schema.required) {
    if (
      missing.some(
        (parent) => parent.length < path.length && parent.every((part, index) => part === path[index]),
      )
    )
      continue;
    if (valueAt(effective, path) !== undefined) continue;
    missing.push(path);
    const field = path.join('.');
    errors.push({ path, field, type: 'missing_required', message: `Required field missing: ${field}` });
  }
  for (const rule of schema.fields) {
    const value = valueAt(effective, rule.path);
    if (value !== undefined) errors.push(...checkField(rule, value));
  }
  return { errors, warnings };
}

/** A deprecated key counts for its replacement when that is not set. */
function withReplacements(data: Data, schema: DialectSchema, warnings: Finding[]): Data {
  const result = structuredClone(data);
  for (const { path, replacement } of schema.deprecated) {
    const value = valueAt(data, path);
    if (value === undefined) continue;
    const field = path.join('.');
    const advice = replacement === undefined ? '' : ` Use ${replacement.join('.')} instead.`;
    warnings.push({ path, field, type: 'deprecated', message: `Field ${field} is deprecated.${advice}` });
    if (replacement === undefined || valueAt(result, replacement) !== undefined) continue;
    let record: Data = result;
    for (const part of replacement.slice(0, -1)) {
      if (!isRecord(record[part])) record[part] = {};
      record = record[part] as Data;
    }
    record[replacement.at(-1)!] = value;
  }
  return result;
}

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  path: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value),
  float: (value) => typeof value === 'number',
  bool: (value) => typeof value === 'boolean',
  list: Array.isArray,
  record: isRecord,
  any: () => true,
};

function checkField(rule: FieldRule, value: unknown): Finding[] {
  const { path } = rule;
  const field = path.join('.');
  const kind = rule.type === undefined ? undefined : kinds[rule.type];
  if (kind !== undefined && !kind(value)) {
    const actual = typeName(value);
    return [
      {
        path,
        field,
        type: 'type_mismatch',
        message: `Field ${field} type mismatch: expected ${rule.type}, got ${actual}`,
        expected: rule.type,
        actual,
      },
    ];
  }
  const found: Finding[] = [];
  if (rule.enum?.includes(value) === false) {
    found.push({
      path,
      field,
      type: 'invalid_enum',
      message: `Field ${field} must be one of: ${rule.enum.join(', ')}`,
      expected: rule.enum,
      actual: value,
    });
  }
  if (typeof value === 'number' && rule.min !== undefined && value < rule.min) {
    found.push({
      path,
      field,
      type: 'out_of_range',
      message: `Field ${field} must be >= ${rule.min}`,
      expected: rule.min,
      actual: value,
    });
  }
  if (typeof value === 'number' && rule.max !== undefined && value > rule.max) {
    found.push({
      path,
      field,
      type: 'out_of_range',
      message: `Field ${field} must be <= ${rule.max}`,
      expected: rule.max,
      actual: value,
    });
  }
  if (typeof value === 'string' && compiled(rule, field)?.test(value) === false) {
    found.push({
      path,
      field,
      type: 'pattern_mismatch',
      message: `Field ${field} does not match pattern: ${rule.pattern}`,
      expected: rule.pattern,
      actual: rule.secret === true ? undefined : value,
    });
  }
  return found;
}
