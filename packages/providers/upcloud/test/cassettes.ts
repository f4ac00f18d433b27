import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** One recorded exchange with the real API. */
export interface Exchange {
  readonly method: string;
  /** Below `/1.3`, without a slash at the end, query sorted. */
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

/** Recordings of the real API (go-vcr cassettes): `shared/data` beside the repository or further up, never in it. */
export const recordingsFolder = beside('shared/data/upcloud');

function beside(path: string): string {
  const root = join(import.meta.dirname, '../../../..');
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    const found = join(folder, path);
    if (existsSync(found)) return found;
    if (folder === dirname(folder)) return join(dirname(root), path);
  }
}

export function recordingsAreThere(): boolean {
  return existsSync(recordingsFolder);
}

interface Cassette {
  readonly interactions: readonly {
    readonly request: { readonly method: string; readonly url: string; readonly body: string };
    readonly response: { readonly code: number; readonly body: string };
  }[];
}

export function cassette(name: string): Exchange[] {
  const { interactions } = parse(readFileSync(join(recordingsFolder, `${name}.yaml`), 'utf8')) as Cassette;
  return interactions.map(({ request, response }) => ({
    method: request.method,
    path: plainPath(request.url.replace(/^https:\/\/api\.upcloud\.com\/1\.3/, '')),
    body: json(request.body),
    status: response.code,
    answer: json(response.body),
  }));
}

/** `/network/` and `/network` are one; the order of a query does not matter. */
export function plainPath(path: string): string {
  const url = new URL(path, 'http://localhost');
  url.searchParams.sort();
  return `${url.pathname.replace(/(.)\/$/, '$1')}${url.search}`;
}

/** What a body means: the API takes numbers as text and text as numbers. */
export function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null) return value === undefined ? undefined : String(value);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, inner]) => [key, meaning(inner)]),
  );
}

function json(text: string): unknown {
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
