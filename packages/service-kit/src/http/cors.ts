import type { FastifyInstance } from 'fastify';

/** Headers of answers that pages of other sites may read. */
const exposed =
  'X-Request-Id, API-Version, X-Total-Count, X-Limit, X-Offset, Link, Location, Retry-After, ETag';
const methods = 'GET, POST, PUT, DELETE';
/** Seconds that a browser may remember an answer to its question. */
const remembered = '600';

/**
 * Lets pages of the given origins call the service (13 §1). No cookie counts here, so credentials are never allowed.
 * An origin that is not listed gets no header, and its browser keeps the answer from it.
 */
export function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  fastify.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    void reply.header('vary', 'Origin');
    if (origin === undefined || !origins.includes(origin)) return;
    void reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed });
    if (request.method !== 'OPTIONS') return;
    const asked = request.headers['access-control-request-headers'];
    return reply
      .status(204)
      .headers({
        'access-control-allow-methods': methods,
        'access-control-max-age': remembered,
        ...(asked === undefined ? {} : { 'access-control-allow-headers': String(asked) }),
      })
      .send();
  });
}
