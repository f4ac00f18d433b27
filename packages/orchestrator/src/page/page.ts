import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const files: Readonly<Record<string, string>> = {
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'api.js': 'text/javascript; charset=utf-8',
  'graph.js': 'text/javascript; charset=utf-8',
  'detail.js': 'text/javascript; charset=utf-8',
  'steps.js': 'text/javascript; charset=utf-8',
  'text.js': 'text/javascript; charset=utf-8',
  'docs.js': 'text/javascript; charset=utf-8',
};

/** Nothing but the page's own files and its own server. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * The page at `/` that shows workflows live, and the API's description at `/docs`: read-only, no asset from elsewhere.
 * @param folder of the page's files, with a slash at its end
 */
export function servePage(fastify: FastifyInstance, folder: URL): void {
  const read = (name: string) => readFileSync(new URL(name, folder));
  fastify.get('/', (_request, reply) =>
    reply
      .headers({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff' })
      .type('text/html; charset=utf-8')
      .send(read('index.html')),
  );
  fastify.get('/docs', (_request, reply) =>
    reply
      .headers({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff' })
      .type('text/html; charset=utf-8')
      .send(read('docs.html')),
  );
  for (const [name, type] of Object.entries(files)) {
    fastify.get(`/page/${name}`, (_request, reply) =>
      reply
        .headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' })
        .type(type)
        .send(read(name)),
    );
  }
}
