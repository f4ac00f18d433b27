import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';

const requests = new AsyncLocalStorage<string>();

/** Id of the request that is being answered, for the log lines of what it sets off. */
export function currentRequest(): string | undefined {
  return requests.getStore();
}

/** Makes the ids known; a hook with a callback, since all that follows must run inside. */
export function followRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => requests.run(request.id, done));
}
