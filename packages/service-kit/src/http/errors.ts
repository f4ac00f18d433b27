import { type ArgumentsHost, type ExceptionFilter, HttpException } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { metadata } from './envelope.ts';
import type { ApiRequest } from './request.ts';
import type { RouteMethods } from './route-methods.ts';
import { httpStatus } from './status.ts';

/** Fastify's own errors, by their codes. */
const fastifyCodes: Readonly<Record<string, { readonly code: string; readonly message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'TOO_LARGE', message: 'The request body is too large' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Unsupported media type: send application/json',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'BAD_REQUEST', message: 'The request body is not JSON' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'BAD_REQUEST', message: 'The request body is empty' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'BAD_REQUEST',
    message: 'Content-Length does not match the body',
  },
};

/** Every error as the envelope of 13 §1; what is not ours to show becomes `Internal error`, with its id in the log. */
export class ErrorFilter implements ExceptionFilter {
  readonly #version: string;
  readonly #logger: Logger;

  readonly #methods: RouteMethods;

  constructor(version: string, logger: Logger, methods: RouteMethods) {
    this.#methods = methods;
    this.#version = version;
    this.#logger = logger;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<ApiRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    const path = request.url.split('?')[0] ?? '/';
    const allowed = this.#methods.of(path).filter((method) => method !== 'OPTIONS');
    const error = asProvisioningError(thrown, request, allowed);
    if (error.code === 'METHOD_NOT_ALLOWED') void reply.header('allow', allowed.join(', '));
    const status = httpStatus(error);
    if (status >= 500 && error.kind === 'bug') {
      this.#logger.error({ err: thrown, request_id: request.id }, 'request failed');
    }
    if (status === 503) void reply.header('retry-after', String(error.retryAfter ?? 5));
    else if (error.retryAfter !== undefined)
      void reply.header('retry-after', String(Math.ceil(error.retryAfter)));
    void reply
      .status(status)
      .type('application/json; charset=utf-8')
      .send(errorBody(error, request.id, this.#version));
  }
}

export function errorBody(error: ProvisioningError, requestId: string, version: string): object {
  const bug = error.kind === 'bug';
  return {
    success: false,
    error: {
      code: bug ? 'INTERNAL' : error.code,
      message: bug ? 'Internal error' : error.message,
      kind: error.kind,
      ...(bug || error.details === undefined ? {} : { details: error.details }),
      ...(bug || error.hint === undefined ? {} : { hint: error.hint }),
    },
    metadata: metadata(requestId, version),
  };
}

function asProvisioningError(
  thrown: unknown,
  request: ApiRequest,
  allowed: readonly string[],
): ProvisioningError {
  if (thrown instanceof ProvisioningError) return thrown;
  // NestJS wraps the errors of Fastify.
  const source = thrown instanceof HttpException ? (thrown.cause ?? thrown) : thrown;
  const { code, statusCode } = (source ?? {}) as { code?: string; statusCode?: number };
  const known = code === undefined ? undefined : fastifyCodes[code];
  if (known) return new ProvisioningError({ ...known, kind: 'usage' });
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusCode;
  if (status === 404 && allowed.length > 0 && !allowed.includes(request.method)) {
    return new ProvisioningError({
      code: 'METHOD_NOT_ALLOWED',
      kind: 'usage',
      message: `${request.method} is not possible here; ${allowed.join(', ')} is`,
    });
  }
  if (status === 404) {
    return new ProvisioningError({
      code: 'NOT_FOUND',
      kind: 'not-found',
      message: `No such path: ${request.method} ${request.originalUrl.split('?')[0] ?? ''}`,
    });
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new ProvisioningError({ code: 'BAD_REQUEST', kind: 'usage', message: (thrown as Error).message });
  }
  return ProvisioningError.from(thrown);
}
