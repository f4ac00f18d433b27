import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const smallest = 1024;
const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/** What this needs of Fastify. */
interface Hooks {
  addHook(
    name: 'onSend',
    hook: (
      request: { readonly headers: Readonly<Record<string, unknown>> },
      reply: {
        getHeader(name: string): unknown;
        header(name: string, value: string): unknown;
        removeHeader(name: string): unknown;
      },
      payload: unknown,
    ) => Promise<unknown>,
  ): unknown;
}

/** Compresses texts of some size for callers that take it; packages are streams and pass as they are (10 §3). */
export function compressTexts(fastify: Hooks): void {
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' || payload.length < smallest) return payload;
    const accepted = String(request.headers['accept-encoding'] ?? '');
    const coding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
    reply.header('vary', 'Accept-Encoding');
    if (coding === undefined || reply.getHeader('content-encoding') !== undefined) return payload;
    reply.header('content-encoding', coding);
    reply.removeHeader('content-length');
    return coding === 'br'
      ? brotli(payload, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
      : gzipped(payload);
  });
}
