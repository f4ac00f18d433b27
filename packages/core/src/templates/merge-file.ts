import { isDeepStrictEqual } from 'node:util';
import { stringify as toToml } from 'smol-toml';
import { parseDocument as parseYamlDocument } from 'yaml';
import { type Data, parseDocument } from '../config/document.ts';
import { parseToml } from '../config/formats/toml.ts';
import { isRecord, mergeData } from '../config/merge.ts';

/**
 * Adds to a data file what it lacks; what it has stays, comments too where that is possible (08 §7.4.5).
 * @returns the new text, or the same when nothing is missing.
 */
export function addMissing(text: string, file: string, additions: Data): string {
  const own = parseDocument(text, file).value;
  const missing = missingIn(own, additions);
  if (Object.keys(missing).length === 0) return text;
  const merged = mergeData(additions, own);
  if (/\.json$/.test(file)) return `${JSON.stringify(merged, null, 2)}\n`;
  if (/\.ya?ml$/.test(file)) return addToYaml(text, missing);
  const added = addToToml(text, missing);
  return isDeepStrictEqual(parseOrNothing(added), parseToml(toToml(merged)))
    ? added
    : `${toToml(merged).trimEnd()}\n`;
}

/** Keys of `additions` that `own` does not set. */
function missingIn(own: Data, additions: Data): Data {
  const missing: Data = {};
  for (const [key, value] of Object.entries(additions)) {
    if (!Object.hasOwn(own, key)) missing[key] = value;
    else if (isRecord(value) && isRecord(own[key])) {
      const inner = missingIn(own[key] as Data, value);
      if (Object.keys(inner).length > 0) missing[key] = inner;
    }
  }
  return missing;
}

function addToYaml(text: string, missing: Data): string {
  const document = parseYamlDocument(text);
  const add = (path: readonly string[], value: Data): void => {
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, key];
      if (isRecord(inner) && document.hasIn(at)) add(at, inner);
      else document.setIn(at, inner);
    }
  };
  add([], missing);
  return document.toString();
}

/** Keys go below the header of their table, new tables to the end. */
function addToToml(text: string, missing: Data): string {
  const lines = text.replace(/\n*$/, '\n').split('\n');
  const add = (path: readonly string[], value: Data): void => {
    const simple = Object.entries(value).filter(([, inner]) => !isTable(inner));
    const tables = Object.entries(value).filter(([, inner]) => isTable(inner));
    const position = headerEnd(lines, path);
    if (simple.length > 0 && position !== undefined) {
      lines.splice(position, 0, ...toToml(Object.fromEntries(simple)).trimEnd().split('\n'));
    } else if (simple.length > 0) {
      lines.push(
        `[${path.map(tomlKey).join('.')}]`,
        ...toToml(Object.fromEntries(simple)).trimEnd().split('\n'),
        '',
      );
    }
    for (const [key, inner] of tables) add([...path, key], inner as Data);
  };
  add([], missing);
  return `${lines.join('\n').replace(/\n*$/, '')}\n`;
}

function isTable(value: unknown): value is Data {
  return isRecord(value) && !(value instanceof Date);
}

/** Line after the last entry of a table, `undefined` when the table has no header of its own. */
function headerEnd(lines: readonly string[], path: readonly string[]): number | undefined {
  const isHeader = (line: string): boolean => /^\s*\[/.test(line);
  let start = 0;
  if (path.length > 0) {
    const wanted = path.map(tomlKey).join('.');
    start = lines.findIndex((line) => /^\s*\[([^[\]]+)\]/.exec(line)?.[1]?.trim() === wanted) + 1;
    if (start === 0) return undefined;
  }
  let end = lines.findIndex((line, index) => index >= start && isHeader(line));
  if (end < 0) end = lines.length;
  while (end > start && /^\s*(#.*)?$/.test(lines[end - 1]!)) end--;
  return end;
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

function parseOrNothing(text: string): unknown {
  try {
    return parseToml(text);
  } catch {
    return undefined;
  }
}
