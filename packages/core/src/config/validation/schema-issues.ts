/**
 * Findings of a schema validation in the words of 02 §11: which field, what was expected, what was found.
 */

/** The part of an Ajv error that the messages need. */
export interface SchemaError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A validator compiled ahead of time. */
export interface CompiledValidator {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

export type FindingType =
  | 'missing_required'
  | 'type_mismatch'
  | 'invalid_enum'
  | 'out_of_range'
  | 'pattern_mismatch'
  | 'custom'
  | 'deprecated';

export interface Finding {
  readonly path: readonly (string | number)[];
  readonly field: string;
  readonly type: FindingType;
  readonly message: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

const typeNames: Readonly<Record<string, string>> = {
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  array: 'list',
  object: 'record',
  string: 'string',
};

/** Runs a validator and words its findings; none when the value is valid. */
export function findings(validate: CompiledValidator, value: unknown, schema: unknown): Finding[] {
  if (validate(value)) return [];
  const found: Finding[] = [];
  const seen = new Set<string>();
  for (const error of validate.errors ?? []) {
    if (error.keyword === 'anyOf' && found.some(({ path }) => pointer(path) === error.instancePath)) continue;
    const finding = word(error, value, schema);
    const key = `${pointer(finding.path)} ${finding.message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    found.push(finding);
  }
  const told = withoutUnionNoise(found, validate.errors ?? []);
  // A value that no shape takes has at least the reasons of the shapes.
  return told.length > 0 ? told : found;
}

/** For a value that may have several shapes, only the summary is of use, not what each shape misses. */
function withoutUnionNoise(found: readonly Finding[], errors: readonly SchemaError[]): Finding[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => schemaPath);
  if (unions.length === 0) return [...found];
  const noisy = new Set(
    errors
      .filter(({ schemaPath }) =>
        unions.some((union) => schemaPath !== union && schemaPath.startsWith(`${union}/`)),
      )
      .map((error) => error.instancePath),
  );
  return found.filter((finding) => finding.type === 'custom' || !noisy.has(pointer(finding.path)));
}

function word(error: SchemaError, value: unknown, schema: unknown): Finding {
  const path = parts(error.instancePath);
  const own = ownMessage(error, schema, valueAtPath(value, path));
  const finding = worded(error, value, path);
  return own === undefined ? finding : { ...finding, message: own };
}

function worded(error: SchemaError, value: unknown, path: readonly (string | number)[]): Finding {
  const field = path.join('.');
  const actual = valueAtPath(value, path);
  const { params } = error;
  switch (error.keyword) {
    case 'required': {
      const missing = [...path, String(params['missingProperty'])];
      return {
        path: missing,
        field: missing.join('.'),
        type: 'missing_required',
        message: `Required field missing: ${missing.join('.')}`,
      };
    }
    case 'type': {
      const expected = typeNames[String(params['type'])] ?? String(params['type']);
      return {
        path,
        field,
        type: 'type_mismatch',
        message: `Field ${field} type mismatch: expected ${expected}, got ${typeName(actual)}`,
        expected,
        actual: typeName(actual),
      };
    }
    case 'enum': {
      const allowed = params['allowedValues'] as readonly unknown[];
      return {
        path,
        field,
        type: 'invalid_enum',
        message: `Field ${field} must be one of: ${allowed.join(', ')}`,
        expected: allowed,
        actual,
      };
    }
    case 'const':
      return {
        path,
        field,
        type: 'invalid_enum',
        message: `Field ${field} must be ${String(params['allowedValue'])}`,
        actual,
      };
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return {
        path,
        field,
        type: 'out_of_range',
        message: `Field ${field} must be ${String(params['comparison'])} ${String(params['limit'])}`,
        expected: params['limit'],
        actual,
      };
    case 'pattern':
      return {
        path,
        field,
        type: 'pattern_mismatch',
        message: `Field ${field} does not match pattern: ${String(params['pattern'])}`,
        expected: params['pattern'],
        actual,
      };
    case 'minLength':
      return { path, field, type: 'out_of_range', message: `Field ${field} cannot be empty`, actual };
    default:
      return { path, field, type: 'custom', message: `Field ${field} is not valid`, actual };
  }
}

/** Schemas may say it in their own words: `messages: {minimum: "Memory must be positive"}`. `<n>` is the value. */
function ownMessage(error: SchemaError, schema: unknown, actual: unknown): string | undefined {
  let node: unknown = schema;
  for (const part of error.schemaPath.replace(/^#\//, '').split('/').slice(0, -1)) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = (node as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  const messages = (node as { messages?: Record<string, string> } | undefined)?.messages;
  return messages?.[error.keyword]?.replaceAll('<n>', String(actual));
}

/** Type names as users write them in schemas. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'object') return 'record';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function parts(instancePath: string): (string | number)[] {
  if (instancePath === '') return [];
  return instancePath
    .slice(1)
    .split('/')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
}

function pointer(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function valueAtPath(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}
