import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { isSeq, parseDocument } from 'yaml';
import { tomlKey, tomlValue } from '../config/edit/toml-edit.ts';
import { parseToml } from '../config/formats/toml.ts';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { definitionFile } from './definition-files.ts';

/** What an added server says; the rest comes from defaults. */
export type ServerEntry = Readonly<Record<string, string | number | boolean>>;

/** The text of one server as TOML. */
export function serverTable(entry: ServerEntry): string {
  const lines = Object.entries(entry).map(([key, value]) => `${tomlKey(key)} = ${tomlValue(value)}`);
  return `[[servers]]\n${lines.join('\n')}\n`;
}

/**
 * Adds a server to the definition in a folder (05 §7.3.2): to `servers.*`, else to the main file, else to a new
 * `servers.toml`. Everything that stands there stays as it is.
 * @returns the file
 * @throws ProvisioningError `DEFINITION_NOT_EDITABLE` for definitions that are programs
 */
export async function addServerDefinition(folder: string, entry: ServerEntry): Promise<string> {
  const file =
    (await definitionFile(folder, 'servers')) ??
    (await holding(folder, 'settings')) ??
    join(folder, 'servers.toml');
  const ending = extname(file);
  if (ending !== '.toml' && ending !== '.yaml' && ending !== '.yml') throw notEditable(file, entry);
  await withFileLock(file, async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    const after = ending === '.toml' ? inToml(file, text, entry) : inYaml(file, text, entry);
    await writeFileAtomic(file, after, 0o644);
  });
  return file;
}

/** The main file, when it is the place of the servers. */
async function holding(folder: string, base: string): Promise<string | undefined> {
  const file = await definitionFile(folder, base);
  if (file === undefined || extname(file) === '.ts' || extname(file) === '.ncl') return file;
  const text = await readFile(file, 'utf8');
  const value: unknown = extname(file) === '.toml' ? parseToml(text) : parseDocument(text).toJS();
  return typeof value === 'object' && value !== null && 'servers' in value ? file : undefined;
}

function inToml(file: string, text: string, entry: ServerEntry): string {
  const { servers } = parseToml(text) as { servers?: unknown };
  // A list on one line, or servers as tables of their names, take no further `[[servers]]`.
  if (servers !== undefined && (!Array.isArray(servers) || !/^\s*\[\[servers\]\]/m.test(text)))
    throw notEditable(file, entry);
  const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return `${text}${gap}${serverTable(entry)}`;
}

function inYaml(file: string, text: string, entry: ServerEntry): string {
  const document = parseDocument(text);
  const servers = document.get('servers');
  if (servers === undefined) document.set('servers', document.createNode([entry]));
  else if (isSeq(servers)) servers.add(document.createNode(entry));
  else throw notEditable(file, entry);
  return document.toString({ lineWidth: 0 });
}

function notEditable(file: string, entry: ServerEntry): ProvisioningError {
  return new ProvisioningError({
    code: 'DEFINITION_NOT_EDITABLE',
    kind: 'configuration',
    message: `A server can't be added to ${file} by command`,
    hint: `Write it there yourself: ${JSON.stringify(entry)}`,
  });
}
