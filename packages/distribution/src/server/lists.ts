import type { ServerResponse } from 'node:http';
import type { ImageLayout, LayoutRepository } from '../layout/layout.ts';
import { RegistryError, sendJson } from './answers.ts';

/** The part of a sorted list that `n` and `last` ask for, and whether more follows (distribution-spec "Listing Tags"). */
function page(
  all: readonly string[],
  query: URLSearchParams,
): { readonly items: readonly string[]; readonly more: boolean } {
  const limit = query.get('n');
  const count = limit === null ? all.length : Number(limit);
  if (!Number.isSafeInteger(count) || count < 0)
    throw new RegistryError(400, 'UNSUPPORTED', 'n is not a number');
  const last = query.get('last');
  const rest = last === null ? all : all.filter((one) => one > last);
  return { items: rest.slice(0, count), more: count > 0 && rest.length > count };
}

function link(path: string, query: URLSearchParams, items: readonly string[]): Record<string, string> {
  const next = new URLSearchParams({ n: query.get('n') ?? '', last: items.at(-1) ?? '' });
  return { link: `<${path}?${next}>; rel="next"` };
}

/** `GET /v2/<name>/tags/list`. */
export async function sendTags(
  repository: LayoutRepository,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const entries = await repository.entries();
  if (entries.length === 0) throw new RegistryError(404, 'NAME_UNKNOWN', 'repository unknown');
  const { items, more } = page(await repository.tags(), query);
  const name = repository.name ?? '';
  sendJson(response, 200, { name, tags: items }, more ? link(`/v2/${name}/tags/list`, query, items) : {});
}

/** `GET /v2/_catalog`. */
export async function sendCatalog(
  layout: ImageLayout,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const { items, more } = page(await layout.repositories(), query);
  sendJson(response, 200, { repositories: items }, more ? link('/v2/_catalog', query, items) : {});
}
