import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { foreignSite, ProvisioningError } from '@provisioning/extensions-sdk';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { EnvelopeInterceptor } from './envelope.ts';
import { errorBody, ErrorFilter } from './errors.ts';
import type { ApiRequest } from './request.ts';
import type { SecurityChain } from './security.ts';
import { allowOrigins } from './cors.ts';
import { levelOfHeaders } from './level.ts';
import { followRequests } from './current-request.ts';
import { acceptDocuments, type DocumentOptions } from './documents.ts';
import { RouteMethods } from './route-methods.ts';
import { SecurityGuard } from './security-guard.ts';
import { httpStatus } from './status.ts';
import { cannotListen } from './cannot-listen.ts';

export interface HttpServerOptions {
  readonly module: DynamicModule;
  readonly version: string;
  readonly logger: Logger;
  readonly bodyLimit: number;
  /** Seconds an idle connection is kept. */
  readonly keepAlive: number;
  readonly maxConnections: number;
  /** Prefixes under which the same paths are served: `/api/v1`, `/v1`. */
  readonly prefixes: readonly string[];
  /** Environments that a path may force as its first part: `/production/servers`. */
  readonly environments?: readonly string[];
  readonly security: SecurityChain;
  /** Everybody who reaches the socket is trusted: what pages of other sites send is refused. */
  readonly localOnly?: boolean;
  /** Origins of other sites whose pages may call this service; none unless configured. */
  readonly corsOrigins?: readonly string[];
  /** Requests that may bring their body as a TOML or YAML document. */
  readonly documents?: DocumentOptions;
  /** Speak TLS; with `ca`, callers need a certificate of it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Adds routes that are not part of the API: pages. */
  readonly extend?: (fastify: FastifyInstance) => void;
  /** Called first for every request; throws to refuse it. */
  readonly onRequest?: (
    request: ApiRequest,
    setHeader: (name: string, value: string) => void,
  ) => void | Promise<void>;
  readonly onResponse?: (request: ApiRequest, status: number, milliseconds: number) => void;
}

export interface HttpServer {
  readonly server: Server;
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  close(): Promise<void>;
}

const requestIdPattern = /^[A-Za-z0-9._-]{1,128}$/;

/** A NestJS application on Fastify with what every service has in common: envelope, errors, request ids, versions. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { logger, version } = options;
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimit,
    keepAliveTimeout: options.keepAlive * 1000,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    requestIdHeader: false,
    ...(options.tls === undefined
      ? {}
      : { https: { ...options.tls, requestCert: options.tls.ca !== undefined, rejectUnauthorized: true } }),
    genReqId: (request: { headers: Record<string, unknown> }) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID();
    },
    rewriteUrl: (request: { url?: string }) => {
      const path = canonicalPath(request.url ?? '/', options.prefixes);
      const environment = forced(path, options);
      return environment === undefined ? path : path.slice(environment.length + 1);
    },
  } as never);
  const fastify = adapter.getInstance<FastifyInstance>();
  if (options.documents) acceptDocuments(fastify, options.documents);
  followRequests(fastify);
  allowOrigins(fastify, options.corsOrigins ?? []);
  fastify.addHook('onRequest', async (request, reply) => {
    const api = request as ApiRequest;
    void reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store', 'api-version': 'v1' });
    try {
      if (options.localOnly === true) refuseForeignSite(request.headers, options.corsOrigins);
      api.environment = forced(canonicalPath(request.originalUrl, options.prefixes), options);
      api.level = levelOfHeaders(request.headers);
      if (api.level !== undefined) void reply.header('api-version', api.level);
    } catch (thrown) {
      const error = ProvisioningError.from(thrown);
      return reply.status(httpStatus(error)).send(errorBody(error, request.id, version));
    }
  });
  const methods = new RouteMethods();
  fastify.addHook('onRoute', ({ method, url }) => methods.add(method, url));
  fastify.addHook('onResponse', async (request, reply) => {
    options.onResponse?.(request as ApiRequest, reply.statusCode, reply.elapsedTime);
  });
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  app.useGlobalGuards(new SecurityGuard(options.security));
  app.useGlobalInterceptors(new EnvelopeInterceptor(version));
  app.useGlobalFilters(new ErrorFilter(version, logger, methods));
  options.extend?.(fastify);
  await app.init();
  // Readers that Fastify and NestJS bring along; nothing takes such bodies (13 §1).
  fastify.removeContentTypeParser(['text/plain', 'application/x-www-form-urlencoded']);
  await fastify.ready();
  const server = app.getHttpServer() as Server;
  server.maxConnections = options.maxConnections;
  return {
    server,
    async listen(host, port) {
      await app.listen(port, host).catch((cause: unknown) => {
        throw cannotListen(host, port, cause as NodeJS.ErrnoException);
      });
      const address = server.address();
      return { host, port: typeof address === 'object' && address !== null ? address.port : port };
    },
    close: () => app.close(),
  };
}

/** @throws ProvisioningError `FORBIDDEN` for what a page of another site may have sent */
export function refuseForeignSite(headers: IncomingHttpHeaders, origins?: readonly string[]): void {
  const site = foreignSite(headers, origins);
  if (site === undefined) return;
  throw new ProvisioningError({
    code: 'FORBIDDEN',
    kind: 'permission',
    message: `Requests of ${site === '' ? 'nobody' : site} are refused: this service asks for no token and answers this machine only`,
    hint: 'Address it as 127.0.0.1 or localhost; pages of other sites need server.cors_origins',
  });
}

/** The path without the prefix of an alias: `/api/v1/tasks` and `/v1/tasks` are `/tasks` (13 §1). */
export function canonicalPath(url: string, prefixes: readonly string[]): string {
  for (const prefix of prefixes) {
    if (!url.startsWith(prefix)) continue;
    const rest = url.slice(prefix.length);
    if (rest.startsWith('/')) return rest;
    if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  }
  return url;
}

/** The environment that a path begins with. */
function forced(path: string, { environments = [] }: HttpServerOptions): string | undefined {
  return environments.find((name) => path.startsWith(`/${name}/`));
}

/** NestJS tells its own story at debug level only. */
function nestLogger(logger: Logger) {
  return {
    log: (message: unknown) => logger.debug(String(message)),
    warn: (message: unknown) => logger.warn(String(message)),
    error: (message: unknown) => logger.error(String(message)),
    debug: (message: unknown) => logger.debug(String(message)),
    verbose: (message: unknown) => logger.trace(String(message)),
    fatal: (message: unknown) => logger.fatal(String(message)),
  };
}
