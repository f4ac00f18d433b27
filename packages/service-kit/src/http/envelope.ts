import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { etagOf, hasTag } from './etag.ts';
import { levelOfBody, vendorType } from './level.ts';
import { Answer, type ApiRequest, localAdministrator } from './request.ts';
import { type RouteSpec, routeMetadata } from './route.ts';
import { checkBody, checkQuery } from './validate.ts';

/** Validates what comes in and wraps what goes out (13 §1). */
export class EnvelopeInterceptor implements NestInterceptor {
  readonly #version: string;

  constructor(version: string) {
    this.#version = version;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = Reflect.getMetadata(routeMetadata, context.getHandler()) as RouteSpec | undefined;
    if (!route) return next.handle();
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    request.input = readInput(request, route);
    const { level } = request.input;
    void reply.header('api-version', level);
    const vendor = vendorType(request.headers.accept, level);
    return next.handle().pipe(
      map((value: unknown) => {
        const answer = value instanceof Answer ? value : new Answer(value);
        const status = answer.status ?? route.status ?? 200;
        void reply.status(status).headers({ ...answer.headers });
        if (route.raw !== undefined) {
          if (answer.headers['content-type'] === undefined) void reply.type(route.raw);
          return answer.data;
        }
        if (status === 204) return undefined;
        if (vendor !== undefined) void reply.type(vendor);
        if (route.etag) {
          const etag = etagOf(answer.data);
          void reply.header('etag', etag);
          if (hasTag(request.headers['if-none-match'], etag)) return void reply.status(304);
        }
        return success(answer.data, request.id, this.#version);
      }),
    );
  }
}

export function success(data: unknown, requestId: string, version: string): object {
  return { success: true, data, metadata: metadata(requestId, version) };
}

export function metadata(requestId: string, version: string): object {
  return { timestamp: new Date().toISOString(), request_id: requestId, version };
}

function readInput(request: ApiRequest, route: RouteSpec): NonNullable<ApiRequest['input']> {
  const [path = '/', search = ''] = split(request.originalUrl);
  const { environment } = request;
  const given = request.body === undefined || request.body === null ? {} : request.body;
  const body = route.body && environment !== undefined ? { ...given, environment } : given;
  if (route.body && request.body === undefined && !route.bodyOptional) {
    throw new ProvisioningError({
      code: 'BAD_REQUEST',
      kind: 'usage',
      message: 'The request needs a body of type application/json',
    });
  }
  return {
    params: request.params as Record<string, string>,
    query: (route.query
      ? checkQuery(route.query, { ...(request.query as object) })
      : request.query) as Record<string, unknown>,
    body: route.body ? checkBody(route.body, body) : body,
    headers: request.headers,
    path,
    search,
    requestId: request.id,
    identity: request.identity ?? localAdministrator,
    level: request.level ?? levelOfBody(body) ?? 'v1',
    environment,
  };
}

function split(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}
