import type { IncomingHttpHeaders } from 'node:http';
import type { RegistryClient } from './client.ts';

/**
 * Address of the next page from a `Link` header (RFC 8288) of a list. Only pages of the same registry are followed.
 */
export function nextPage(
  response: { readonly headers: IncomingHttpHeaders; readonly url: URL },
  client: RegistryClient,
): URL | undefined {
  const header = response.headers['link'];
  const links = (Array.isArray(header) ? header.join(',') : (header ?? '')).slice(0, 8192);
  for (const part of links.split(/,(?=\s*<)/)) {
    const match = /^\s*<([^>]*)>\s*;(.*)$/.exec(part);
    if (match === null || !/(?:^|;)\s*rel\s*=\s*"?next"?\s*(?:;|$)/i.test(match[2]!)) continue;
    const url = client.resolve(new URL(match[1]!, response.url));
    return url.origin === client.base.origin ? url : undefined;
  }
  return undefined;
}
