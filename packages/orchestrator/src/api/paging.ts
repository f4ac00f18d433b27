import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput } from '@provisioning/service-kit';
import type { Page, WorkflowFilter } from '../journal/store.ts';

export interface ListQuery {
  readonly limit?: number;
  readonly offset?: number;
  readonly sort?: string;
  readonly status?: string;
  readonly kind?: string;
  readonly type?: string;
  readonly infra?: string;
  readonly workspace?: string;
  readonly created_by?: string;
  readonly since?: string;
  readonly until?: string;
  readonly label?: string;
}

/** Larger pages are cut to this (13 §1). */
const largestPage = 1000;
const defaultPage = 50;

export function pageOf(query: ListQuery): Page {
  return {
    limit: Math.min(query.limit ?? defaultPage, largestPage),
    offset: query.offset ?? 0,
    descending: query.sort === undefined || query.sort.startsWith('-'),
  };
}

/** @throws ProvisioningError `BAD_REQUEST` for a status, time, label or order that there is not. */
export function filterOf(query: ListQuery): WorkflowFilter {
  if (!['created_at', '-created_at'].includes(query.sort ?? 'created_at'))
    throw badQuery('sort', 'created_at or -created_at', query.sort!);
  const list = (text: string | undefined) => text?.split(',').map((item) => item.trim());
  const kind = list(query.kind ?? query.type);
  return {
    ...(query.status === undefined ? {} : { status: list(query.status)!.map(statusOf) }),
    ...(kind === undefined ? {} : { kind }),
    infra: query.infra,
    workspace: query.workspace,
    createdBy: query.created_by,
    since: time('since', query.since),
    until: time('until', query.until),
    ...(query.label === undefined ? {} : { labels: labels(query.label) }),
  };
}

/** A page with the headers that lead to the others (13 §1 "Pagination"). */
export function paged<T>(
  items: readonly T[],
  total: number,
  page: Page,
  input: ApiInput<unknown, unknown>,
): Answer<readonly T[]> {
  const { limit, offset } = page;
  const link = (at: number, rel: string) => {
    const query = new URLSearchParams(input.search);
    query.delete('offset');
    query.delete('limit');
    const rest = query.size === 0 ? '' : `${query.toString()}&`;
    return `<${input.path}?${rest}offset=${at}&limit=${limit}>; rel="${rel}"`;
  };
  const last = total === 0 ? 0 : Math.floor((total - 1) / limit) * limit;
  const links = [
    ...(offset + limit < total ? [link(offset + limit, 'next')] : []),
    ...(offset > 0 ? [link(Math.max(0, offset - limit), 'prev')] : []),
    link(0, 'first'),
    link(last, 'last'),
  ];
  return new Answer(items, {
    headers: {
      'x-total-count': String(total),
      'x-limit': String(limit),
      'x-offset': String(offset),
      link: links.join(', '),
    },
  });
}

/** `tier:web,team:shop`: all of them. */
function labels(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((item) => {
      const [, key, value] = /^\s*([^:]+):(.*?)\s*$/.exec(item) ?? [];
      if (key !== undefined && value !== undefined) return [key, value];
      throw badQuery('label', '<key>:<value>', item);
    }),
  );
}

const statuses = ['Pending', 'Running', 'Completed', 'Failed', 'Cancelled'];

function statusOf(text: string): string {
  const found = statuses.find((status) => status.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw badQuery('status', statuses.join(', ').toLowerCase(), text);
  return found;
}

function badQuery(name: string, expected: string, found: string): ProvisioningError {
  return new ProvisioningError({
    code: 'BAD_REQUEST',
    kind: 'usage',
    message: `Invalid query parameter '${name}': expected ${expected}, found '${found}'`,
  });
}

/** ISO 8601, or a span back from now: `24h`, `7d`. */
function time(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const span = /^(\d+)([smhd])$/.exec(text);
  const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const at = span ? Date.now() - Number(span[1]) * units[span[2] as keyof typeof units] : Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw badQuery(name, 'a time such as 2026-01-31T12:00:00Z or 24h', text);
}
