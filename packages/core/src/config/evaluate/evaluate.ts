import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { writeFileAtomic } from '../../files/atomic.ts';
import { type Data, type Document, type Format, type KeyPath, evaluatedDocument } from '../document.ts';
import { codeFrame } from '../code-frame.ts';
import { isRecord, keyPath } from '../merge.ts';
import { evaluateKcl, evaluateNickel } from './external.ts';
import { importedFiles } from './imports.ts';
import { type EvaluationContext, evaluateTypeScript } from './typescript.ts';

export type { EvaluationContext } from './typescript.ts';

export interface EvaluateOptions {
  readonly context: EvaluationContext;
  /** Folder of cached results, `<user cache>/config-cache`; none when absent. */
  readonly cacheFolder?: string;
  readonly signal?: AbortSignal;
}

/**
 * Evaluates a `.ts`, `.ncl` or `.k` definition to data. Results are cached by the content of the file and everything
 * it imports; those of TypeScript only when the module says `export const cacheable = true`.
 */
export async function evaluateFile(
  file: string,
  format: Format,
  options: EvaluateOptions,
): Promise<Document> {
  const kind = format as 'ts' | 'ncl' | 'k';
  const sources = await importedFiles(file, kind);
  if (!sources.has(file)) {
    throw new ProvisioningError({
      code: 'CONFIG_FILE_NOT_FOUND',
      kind: 'configuration',
      message: `Configuration file not found: ${file}`,
      location: { file },
    });
  }
  const cache =
    options.cacheFolder === undefined
      ? undefined
      : path.join(options.cacheFolder, `${cacheKey(sources, kind, options.context)}.json`);
  const text = sources.get(file)!;
  const cached = cache === undefined ? undefined : await readCache(cache);
  const value =
    cached ??
    (await fresh(file, kind, options, cache).catch((error: unknown) => {
      throw framed(error, sources);
    }));
  if (!isRecord(value) && !Array.isArray(value)) {
    throw new ProvisioningError({
      code: 'EVALUATION_FAILED',
      kind: 'configuration',
      message: `${file}: expected a record as the result, found ${value === undefined ? 'nothing (is there a default export?)' : typeof value}`,
      location: { file },
    });
  }
  return evaluatedDocument(file, format, value as Data, (keys) => locateByName(text, keys), text);
}

/** The error with the lines of the file that it is about, the definition or one it imports, as those of data files have them. */
function framed(error: unknown, sources: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof ProvisioningError)) return error;
  const text = sources.get(error.location?.file ?? '');
  if (text === undefined || error.location === undefined) return error;
  const { code, kind, message, hint, details, cause, location } = error;
  const place =
    location.line === undefined && location.key !== undefined
      ? { ...location, ...locateByName(text, keyPath(location.key)) }
      : location;
  if (place.line === undefined) return error;
  const column = place.column ?? (text.split('\n')[place.line - 1] ?? '').length + 1;
  const frame = codeFrame(text, place.line, column);
  return new ProvisioningError({
    ...{ code, kind, message, cause, location: place },
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
    issues: [{ message, code, location: place, frame }],
  });
}

async function fresh(
  file: string,
  kind: 'ts' | 'ncl' | 'k',
  options: EvaluateOptions,
  cache: string | undefined,
): Promise<unknown> {
  let value: unknown;
  let cacheable = true;
  if (kind === 'ts') ({ value, cacheable } = await evaluateTypeScript(file, options.context, options.signal));
  else if (kind === 'ncl') value = await evaluateNickel(file, options.context, options.signal);
  else value = await evaluateKcl(file, options.context, options.signal);
  if (cacheable && cache !== undefined)
    await writeFileAtomic(cache, JSON.stringify({ value })).catch(() => undefined);
  return value;
}

async function readCache(file: string): Promise<unknown> {
  return readFile(file, 'utf8').then(
    (text) => (JSON.parse(text) as { value: unknown }).value,
    () => undefined,
  );
}

function cacheKey(sources: ReadonlyMap<string, string>, kind: string, context: EvaluationContext): string {
  const hash = createHash('sha256').update(`1\0${kind}\0${process.version}\0`);
  const { workspace, infra, environment, params } = context;
  hash.update(JSON.stringify(kind === 'ncl' ? {} : { workspace, infra, environment, params }));
  for (const [name, text] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`\0${name}\0${text}`);
  return hash.digest('hex');
}

/**
 * Where a key of an evaluated file probably stands: each name of the path is looked for after the one before it, and
 * list items by the braces that open them. A program may compute its keys; then the nearest name that is written counts.
 */
export function locateByName(text: string, keys: KeyPath): { line: number; column: number } | undefined {
  let from = 0;
  let found: number | undefined;
  for (const key of keys) {
    if (typeof key === 'number') {
      const item = itemStart(text, from, key);
      if (item === undefined) continue;
      from = item;
      found = item;
      continue;
    }
    const name = key.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = new RegExp(`(?:^|[\\s{,("'])(['"]?)(${name})\\1\\s*[:=]`, 'gm');
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match === null) continue;
    found = match.index + match[0].indexOf(match[2]!);
    from = pattern.lastIndex;
  }
  if (found === undefined) return undefined;
  const before = text.slice(0, found);
  return { line: before.split('\n').length, column: found - before.lastIndexOf('\n') };
}

/** Offset of the n-th element of the list that opens next; strings and comments are skipped. */
function itemStart(text: string, from: number, index: number): number | undefined {
  const open = text.indexOf('[', from);
  if (open < 0) return undefined;
  let depth = 0;
  let item = 0;
  let expecting = true;
  for (let at = open + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' || character === "'" || character === '`') {
      if (expecting && depth === 0 && item === index) return at;
      expecting = false;
      const end = text.indexOf(character, at + 1);
      if (end < 0) return undefined;
      at = end;
    } else if (text.startsWith('//', at) || character === '#') {
      const end = text.indexOf('\n', at);
      if (end < 0) return undefined;
      at = end;
    } else if (depth === 0 && character === ']') return undefined;
    else if (depth === 0 && character === ',') {
      item++;
      expecting = true;
    } else if (!/\s/.test(character)) {
      if (expecting && depth === 0 && item === index) return at;
      expecting = false;
      if ('{[('.includes(character)) depth++;
      else if ('}])'.includes(character)) depth--;
    }
  }
  return undefined;
}
