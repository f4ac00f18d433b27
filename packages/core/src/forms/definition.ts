import { type Issue, ProvisioningError } from '@provisioning/extensions-sdk';
import { type Expression, compileExpression, namesIn } from '../expression/expression.ts';

export const fieldTypes = [
  'text',
  'textarea',
  'number',
  'select',
  'multiselect',
  'confirm',
  'password',
] as const;

/** Whole numbers of a range: `custom(u16)` (01 §11). */
export const ranges: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  'custom(u8)': [0, 255],
  'custom(u16)': [0, 65_535],
  'custom(u32)': [0, 4_294_967_295],
  'custom(i32)': [-2_147_483_648, 2_147_483_647],
};

export interface FieldOption {
  readonly value: string;
  readonly label: string;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly section?: string;
  readonly help?: string;
  readonly placeholder?: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly defaultFrom?: string;
  readonly defaultMap?: Readonly<Record<string, unknown>>;
  readonly min?: number;
  readonly max?: number;
  readonly options: readonly FieldOption[];
  readonly pattern?: RegExp;
  readonly rule?: Expression;
  readonly ruleText?: string;
  readonly visibleIf?: Expression;
}

export interface Form {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly sections: readonly { readonly name: string; readonly title: string }[];
  /** In the order they are asked: without a section first, then section by section. */
  readonly fields: readonly Field[];
}

type Data = Readonly<Record<string, unknown>>;

/** Where a value stands in the file of a form. */
export type Locate = (path: readonly (string | number)[]) => { readonly line?: number };

/** Keys of a `[[fields]]` table (04 §5.1). */
const fieldKeys: ReadonlySet<string> = new Set([
  ...['name', 'label', 'prompt', 'type', 'section', 'help', 'placeholder', 'required', 'default'],
  ...['default_from', 'default_map', 'min', 'max', 'options', 'validation_pattern', 'validation_rule'],
  'visible_if',
]);

/** What the form of a platform service says about itself (01 §11, S:31961). */
const platformKeys = ['name', 'description', 'locales_path', 'templates_path'];

/**
 * Reads a form and checks it as a whole: unknown types, keys and names, duplicates, circles (01 §11, step 1).
 * @throws ProvisioningError `FORM_INVALID` (exit 3) with every finding.
 */
export function readForm(data: Data, file: string, locate?: Locate): Form {
  const head = (data['form'] ?? data) as Data;
  const issues: Issue[] = [];
  const rows = Array.isArray(data['fields']) ? (data['fields'] as Data[]) : [];
  if (/[\\/]platform[\\/]/.test(file))
    for (const key of platformKeys)
      if (head[key] === undefined) issues.push(finding(`missing ${key}`, file, key));
  const fields = rows.map((row, index) => readField(row, index, file, issues));
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) issues.push(finding(`Duplicate field: ${name}`, file, name));
    names.add(name);
  }
  for (const row of rows) checkNames(row, names, file, issues);
  for (const circle of circles(fields))
    issues.push(finding(`Fields depend on each other: ${circle}`, file, circle.split(' ')[0]!));
  if (fields.length === 0) issues.push(finding('A form needs at least one field', file, 'fields'));
  if (issues.length > 0) throw refused(file, issues, rows, locate);
  const sections = Array.isArray(data['sections'])
    ? (data['sections'] as { name: string; title?: string }[])
    : [];
  const order = new Map(sections.map(({ name }, index) => [name, index]));
  const place = (field: Field): number =>
    field.section === undefined ? -1 : (order.get(field.section) ?? sections.length);
  return {
    name: String(head['name'] ?? 'form'),
    title: String(head['title'] ?? head['name'] ?? 'Form'),
    description: String(head['description'] ?? ''),
    sections: sections.map(({ name, title }) => ({ name, title: title ?? name })),
    fields: [...fields].sort((a, b) => place(a) - place(b)),
  };
}

/** The findings as one error, each with its line where the form came from a file. */
function refused(
  file: string,
  issues: readonly Issue[],
  rows: readonly Data[],
  locate: Locate | undefined,
): ProvisioningError {
  const [first, ...others] = issues.map((issue) => {
    const key = issue.location?.key ?? '';
    const row = rows.findLastIndex(({ name }) => name === key);
    const index = row < 0 && key.startsWith('fields.') ? Number(key.slice('fields.'.length)) : row;
    const line = locate?.(index < 0 ? [key] : ['fields', index]).line;
    return { ...issue, location: { file, key, ...(line === undefined ? {} : { line }) } };
  });
  const { message, location } = first!;
  const place = location.line === undefined ? file : `${file}:${location.line}`;
  return new ProvisioningError({
    code: 'FORM_INVALID',
    kind: 'configuration',
    message: `Failed to parse config file: ${place}: ${message}`,
    issues: others,
    location,
  });
}

function readField(row: Data, index: number, file: string, issues: Issue[]): Field {
  const name = typeof row['name'] === 'string' ? row['name'] : '';
  const type = typeof row['type'] === 'string' ? row['type'] : 'text';
  const key = name === '' ? `fields.${index}` : name;
  if (name === '') issues.push(finding('missing name', file, key));
  for (const property of Object.keys(row).filter((candidate) => !fieldKeys.has(candidate)))
    issues.push(finding(`Unknown key: ${property}. Known: ${[...fieldKeys].join(', ')}`, file, key));
  if (!(fieldTypes as readonly string[]).includes(type) && !(type in ranges)) {
    issues.push(
      finding(
        `Unknown field type: ${type}. Known: ${[...fieldTypes, ...Object.keys(ranges)].join(', ')}`,
        file,
        key,
      ),
    );
  }
  const compile = (property: string): Expression | undefined => {
    const source = row[property];
    if (typeof source !== 'string' || source === '') return undefined;
    try {
      return compileExpression(source, `${key}.${property}`);
    } catch (error) {
      issues.push(finding(error instanceof Error ? error.message : String(error), file, key));
      return undefined;
    }
  };
  const options = Array.isArray(row['options']) ? row['options'] : [];
  return {
    name,
    type,
    label: text(row['label'] ?? row['prompt']) ?? name,
    section: text(row['section']),
    help: text(row['help']),
    placeholder: text(row['placeholder']),
    required: row['required'] === true,
    default: row['default'],
    defaultFrom: text(row['default_from']),
    defaultMap: row['default_map'] as Data | undefined,
    min: typeof row['min'] === 'number' ? row['min'] : undefined,
    max: typeof row['max'] === 'number' ? row['max'] : undefined,
    options: options.map((option) =>
      typeof option === 'object' && option !== null
        ? {
            value: String((option as Data)['value']),
            label: String((option as Data)['label'] ?? (option as Data)['value']),
          }
        : { value: String(option), label: String(option) },
    ),
    pattern: readPattern(row['validation_pattern'], file, key, issues),
    rule: compile('validation_rule'),
    ruleText: text(row['validation_rule']),
    visibleIf: compile('visible_if'),
  };
}

function readPattern(value: unknown, file: string, key: string, issues: Issue[]): RegExp | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return new RegExp(`^(?:${value})$`, 'u');
  } catch (error) {
    issues.push(finding(error instanceof Error ? error.message : String(error), file, key));
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function finding(message: string, file: string, key: string): Issue {
  return { message, location: { file, key } };
}

/** Names a row refers to must be fields. */
function checkNames(row: Data, names: ReadonlySet<string>, file: string, issues: Issue[]): void {
  const own = String(row['name'] ?? '');
  for (const property of ['visible_if', 'validation_rule']) {
    const source = row[property];
    if (typeof source !== 'string') continue;
    const used = safeNames(source);
    for (const name of used)
      if (!names.has(name)) issues.push(finding(`Unknown field in ${property}: ${name}`, file, own));
  }
  const from = row['default_from'];
  if (typeof from === 'string' && !names.has(from))
    issues.push(finding(`Unknown field in default_from: ${from}`, file, own));
}

function safeNames(source: string): string[] {
  try {
    return namesIn(source, 'form');
  } catch {
    return [];
  }
}

/** Circles of `default_from`. */
function circles(fields: readonly Field[]): string[] {
  const from = new Map(fields.map((field) => [field.name, field.defaultFrom]));
  const result: string[] = [];
  for (const { name } of fields) {
    const path = [name];
    for (let next = from.get(name); next !== undefined; next = from.get(next)) {
      if (next === name) result.push([...path, name].join(' -> '));
      if (path.includes(next)) break;
      path.push(next);
    }
  }
  return result.slice(0, 1);
}
