import { isDeepStrictEqual } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type TomlIndex, indexToml } from '../document.ts';
import { parseToml } from '../formats/toml.ts';
import { isRecord, mergeData, nest, valueAt } from '../merge.ts';

/**
 * Sets one key of a TOML text and leaves everything else as it is: comments, order, spelling of other values.
 * @throws ProvisioningError `CONFIG_EDIT` when the text's shape does not allow it (a list where a table is needed)
 */
export function setTomlKey(text: string, path: readonly string[], value: unknown): string {
  const index = indexToml(text);
  const span = index.span(path);
  const changed =
    span === undefined || isHeader(text, span.start)
      ? insert(text, index, path, value)
      : text.slice(0, span.start) + tomlValue(value) + text.slice(span.end);
  const expected = mergeData(index.value, nest(path, value));
  if (isDeepStrictEqual(parseToml(changed), expected)) return changed;
  throw cannotEdit(path);
}

/** Removes one key with its line. */
export function removeTomlKey(text: string, path: readonly string[]): string {
  const index = indexToml(text);
  const span = index.span(path);
  if (span === undefined) return text;
  if (isHeader(text, span.start)) throw cannotEdit(path);
  const lineStart = text.lastIndexOf('\n', span.key) + 1;
  const lineEnd = text.indexOf('\n', span.end);
  const changed = text.slice(0, lineStart) + (lineEnd < 0 ? '' : text.slice(lineEnd + 1));
  if (valueAt(parseToml(changed), path) === undefined) return changed;
  throw cannotEdit(path);
}

function isHeader(text: string, offset: number): boolean {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return text[offset] === '[' && text.slice(lineStart, offset).trim() === '';
}

/** Puts a new key into the table that is nearest to it. */
function insert(text: string, index: TomlIndex, path: readonly string[], value: unknown): string {
  for (let length = path.length - 1; length > 0; length--) {
    const parent = path.slice(0, length);
    const span = index.span(parent);
    if (span === undefined || !isRecord(valueAt(index.value, parent))) continue;
    const rest = path.slice(length);
    if (isHeader(text, span.start) && headerNames(text, span, parent))
      return after(text, span.end, assignment(rest, value));
    if (text[span.start] === '{') {
      const merged = mergeData(valueAt(index.value, parent) as Record<string, unknown>, nest(rest, value));
      return text.slice(0, span.start) + tomlValue(merged) + text.slice(span.end);
    }
  }
  if (path.length === 1) return atTop(text, assignment(path, value));
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  const blank = text.trim() === '' ? '' : '\n';
  return `${text}${gap}${blank}[${path.slice(0, -1).map(tomlKey).join('.')}]\n${assignment(path.slice(-1), value)}\n`;
}

/** Whether the header at a span is that of the table itself, not of one below it that implies it. */
function headerNames(
  text: string,
  span: { readonly start: number; readonly end: number },
  path: readonly string[],
): boolean {
  const header = text.slice(span.start, span.end);
  return (
    valueAt(parseToml(header), path) !== undefined &&
    Object.keys(valueAt(parseToml(header), path) as object).length === 0
  );
}

function after(text: string, offset: number, line: string): string {
  const end = text.indexOf('\n', offset);
  return end < 0 ? `${text}\n${line}\n` : `${text.slice(0, end + 1)}${line}\n${text.slice(end + 1)}`;
}

/** Before the first table, after what stands at the top. */
function atTop(text: string, line: string): string {
  const header = /^[ \t]*\[/m.exec(text);
  if (header === null) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
  const before = text.slice(0, header.index);
  const comment = /(?:^[ \t]*#.*\n)+$/m.exec(before)?.index ?? before.length;
  const at = comment === 0 ? header.index : comment;
  return `${text.slice(0, at)}${line}\n\n${text.slice(at)}`;
}

function assignment(path: readonly string[], value: unknown): string {
  return `${path.map(tomlKey).join('.')} = ${tomlValue(value)}`;
}

export function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

/** A value as TOML writes it on one line. */
export function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (isRecord(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  if (typeof value === 'number')
    return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : Number.isNaN(value) ? 'nan' : '-inf';
  if (typeof value === 'boolean') return String(value);
  // JSON escapes what TOML wants escaped; the delete character it leaves alone.
  return JSON.stringify(String(value)).replaceAll('\u007f', '\\u007F');
}

function cannotEdit(path: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIG_EDIT',
    kind: 'configuration',
    message: `Cannot change ${path.join('.')} in this file without rewriting it`,
    hint: 'Edit it by hand with: provisioning config edit',
  });
}
