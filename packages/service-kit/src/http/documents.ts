import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface DocumentOptions {
  /** Whether a path, without the prefix of an alias, takes documents. */
  readonly takes: (path: string) => boolean;
  /** @throws ProvisioningError for a text that does not parse */
  readonly parse: (text: string, format: 'toml' | 'yaml') => unknown;
}

/** Bodies of type `application/toml` and `application/yaml`, where a path takes them (13 §1). */
export function acceptDocuments(fastify: FastifyInstance, { takes, parse }: DocumentOptions): void {
  for (const format of ['toml', 'yaml'] as const) {
    fastify.addContentTypeParser(
      `application/${format}`,
      { parseAs: 'string' },
      async (request: FastifyRequest, body: unknown) => {
        const path = (request.url.split('?')[0] ?? '').replace(/\/+$/, '');
        if (takes(path)) return parse(String(body), format);
        throw new ProvisioningError({
          code: 'UNSUPPORTED_MEDIA_TYPE',
          kind: 'usage',
          message: `Unsupported media type application/${format}: send application/json`,
        });
      },
    );
  }
}
