import type { Manifest } from '@provisioning/extensions-sdk';
import { dependenciesOf } from './dependencies.ts';
import { readManifest } from './manifest.ts';
import { type ConfigSchema, configSchema } from './schema.ts';

/**
 * The reference page of an extension in Markdown, from its manifest and its schema alone (08 §10): what `docs/API.md`
 * may hold. The same extension gives the same text.
 */
export async function extensionReference(folder: string): Promise<string> {
  const { manifest } = await readManifest(folder);
  const [schema, { requires, optional, conflicts, provides }] = await Promise.all([
    configSchema(folder),
    dependenciesOf({ path: folder, manifest }),
  ]);
  const named = (list: typeof requires): string[] =>
    list.map(({ alternatives, range }) => `${alternatives.join(' or ')}${range === '*' ? '' : ` ${range}`}`);
  const facts: readonly (readonly [string, readonly string[]])[] = [
    ['Kind', [manifest.type]],
    ['Version', [manifest.version]],
    ['Category', texts(manifest.category)],
    ['License', texts(manifest.license)],
    ['Needs', named(requires)],
    ['Works with', named(optional)],
    ['Refuses', named(conflicts)],
    ['Provides', provides],
    ['Platforms', texts(manifest.platforms)],
    ['Ports', texts(manifest['ports'])],
    ['Variables', texts(manifest.configuration?.required_env_vars)],
  ];
  const profiles = Object.entries((manifest['profiles'] ?? {}) as Readonly<Record<string, unknown>>);
  return [
    `# ${manifest.name}`,
    '',
    ...(manifest.description === undefined ? [] : [manifest.description, '']),
    ...table(
      ['', ''],
      facts.filter(([, values]) => values.length > 0).map(([name, values]) => [name, values.join(', ')]),
    ),
    ...settings(schema),
    ...(profiles.length === 0
      ? []
      : [
          '## Profiles',
          '',
          ...table(
            ['Profile', 'Sets'],
            profiles.map(([name, values]) => [name, code(values)]),
          ),
        ]),
    ...permissions(manifest),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** Every setting with its dotted name, records in depth. */
function settings(schema: ConfigSchema | undefined): string[] {
  const rows = schema === undefined ? [] : settingRows(schema, '');
  if (rows.length === 0) return [];
  return ['## Settings', '', ...table(['Setting', 'Type', 'Default', 'Meaning'], rows)];
}

function settingRows(schema: ConfigSchema, at: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, one]) => {
    const name = at === '' ? key : `${at}.${key}`;
    if (one.properties !== undefined && Object.keys(one.properties).length > 0) return settingRows(one, name);
    const isRequired = schema.required?.includes(key) === true && one.default === undefined;
    const fallback = one.default === undefined ? (isRequired ? '*required*' : '') : code(one.default);
    return [[`\`${name}\``, typeOf(one), fallback, limits(one)]];
  });
}

function typeOf({ type, enum: choices, items }: ConfigSchema): string {
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(', ');
  const name = Array.isArray(type) ? type.join(' or ') : String(type ?? 'any');
  return name === 'array' && items !== undefined ? `list of ${typeOf(items)}` : name;
}

/** What a setting means, and between what it must lie. */
function limits(schema: ConfigSchema): string {
  const { minimum, maximum, pattern } = schema as { minimum?: number; maximum?: number; pattern?: string };
  return [
    schema.description,
    minimum === undefined ? undefined : `at least ${minimum}`,
    maximum === undefined ? undefined : `at most ${maximum}`,
    pattern === undefined ? undefined : `\`${pattern}\``,
  ]
    .filter((text) => text !== undefined && text !== '')
    .join('; ');
}

/** What it may touch; everything else is denied (08 §4.4). */
function permissions({ permissions: allowed = {} }: Manifest): string[] {
  const rows = Object.entries(allowed).filter(([, list]) => Array.isArray(list) && list.length > 0);
  if (rows.length === 0) return [];
  return [
    '## Permissions',
    '',
    ...table(
      ['May', 'What'],
      rows.map(([name, list]) => [name, (list as string[]).join(', ')]),
    ),
  ];
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line), ''];
}

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``;

function texts(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value as string)];
}
