import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RenderRequest, Renderer, renderLanguage, renderLanguages } from '@provisioning/core';
import { foreignSite, isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';
import { BodyTooLarge, hasBearer, readBody } from '../http/loopback.ts';

export interface RenderDaemonOptions {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `host:port`, default `PROVISIONING_RENDER_BIND`, `DAEMON_BIND`, then `127.0.0.1:9091`. */
  readonly bind?: string;
  /** Bearer token; needed for an address that is not loopback. */
  readonly token?: string;
  readonly allowTypeScript?: boolean;
  readonly log?: (level: 'info' | 'error', message: string) => void;
}

export interface RenderDaemon {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** Where the daemon listens: `PROVISIONING_RENDER_BIND`, `DAEMON_BIND`, else loopback (02 §16). */
export function renderBind(env: Readonly<Record<string, string | undefined>>): string {
  return env['PROVISIONING_RENDER_BIND'] ?? env['DAEMON_BIND'] ?? '127.0.0.1:9091';
}

/**
 * The parts of `host:port`, an IPv6 host in brackets.
 * @throws ProvisioningError `INVALID_ADDRESS` (exit 2), `RENDER_TOKEN_REQUIRED` for an address others can reach
 */
export function checkedBind(bind: string, token?: string): { readonly host: string; readonly port: number } {
  const at = bind.lastIndexOf(':');
  const host = bind.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(bind.slice(at + 1));
  if (at < 1 || !/^\d+$/.test(bind.slice(at + 1)) || port > 65535) {
    throw new ProvisioningError({
      code: 'INVALID_ADDRESS',
      kind: 'usage',
      message: `Invalid address: ${bind}`,
      hint: 'Write host and port: 127.0.0.1:9091',
    });
  }
  if (!isLoopback(host) && (token ?? '') === '') {
    throw new ProvisioningError({
      code: 'RENDER_TOKEN_REQUIRED',
      kind: 'configuration',
      message: `The render daemon needs a bearer token to listen on ${bind}`,
      hint: 'Put one into a file and name it: provisioning config set render.token_path <file>',
    });
  }
  return { host, port };
}

type Answer = readonly [status: number, body: unknown];

/**
 * The render daemon (02 §16): templates over HTTP, cached.
 * @throws ProvisioningError `RENDER_TOKEN_REQUIRED` for an address others can reach
 */
export async function startRenderDaemon(options: RenderDaemonOptions): Promise<RenderDaemon> {
  const bind = options.bind ?? renderBind(options.env);
  const { host, port } = checkedBind(bind, options.token);
  const renderer = new Renderer({
    env: options.env,
    ...(options.allowTypeScript === undefined ? {} : { allowTypeScript: options.allowTypeScript }),
  });
  const server = createServer((request, response) => {
    void answer(request, renderer, options)
      .catch((error: unknown): Answer => {
        if (error instanceof BadRequest) return [error.status, { error: error.message }];
        if (error instanceof BodyTooLarge) return [413, { error: error.message }];
        options.log?.('error', (error as Error).stack ?? String(error));
        return [500, { error: 'internal error' }];
      })
      .then(([status, body]) => {
        send(response, status, body);
      });
  });
  server.requestTimeout = 30_000;
  await listening(server, host, port);
  const address = server.address() as AddressInfo;
  options.log?.('info', `render daemon listens on ${host}:${address.port}`);
  return {
    address: { host, port: address.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function answer(
  request: IncomingMessage,
  renderer: Renderer,
  options: RenderDaemonOptions,
): Promise<Answer> {
  const route = `${request.method ?? ''} ${new URL(request.url ?? '/', 'http://daemon').pathname}`;
  if (route === 'GET /health')
    return [200, { status: 'healthy', version: options.version, pid: process.pid }];
  const refused = refusal(request, options.token);
  if (refused !== undefined) return refused;
  switch (route) {
    case 'POST /config/render':
      return [200, await renderer.render(parse(await readBody(request)))];
    case 'GET /config/stats':
      return [200, renderer.stats()];
    case 'POST /config/stats/reset':
      renderer.reset();
      return [200, { status: 'success', message: 'Configuration rendering statistics reset' }];
    case 'GET /info':
      return [
        200,
        {
          version: options.version,
          languages: renderLanguages,
          binaries: binaries(options.env),
          cache: renderer.cache(),
        },
      ];
    case 'GET /metrics':
      return [200, metrics(renderer)];
    case 'GET /api/config':
      return [
        200,
        {
          render: {
            allow_typescript: options.allowTypeScript ?? false,
            token: options.token === undefined ? null : '***',
          },
        },
      ];
    case 'GET /api/versions':
      return [200, { service: 'render-daemon', version: options.version, api: ['v1'] }];
    default:
      return [404, { error: `no such endpoint: ${route}` }];
  }
}

/** With a token whoever carries it is served; without one this machine is, but no page of another site. */
function refusal(request: IncomingMessage, token = ''): Answer | undefined {
  if (token !== '')
    return hasBearer(request, token) ? undefined : [401, { error: 'a bearer token is required' }];
  const site = foreignSite(request.headers);
  return site === undefined ? undefined : [403, { error: `not served for ${site}` }];
}

function parse(text: string): RenderRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRequest(400, 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new BadRequest(400, 'the body is not an object');
  const { language, content, context = {}, name } = value as Record<string, unknown>;
  if (typeof language !== 'string') throw new BadRequest(400, 'language is missing');
  if (typeof content !== 'string') throw new BadRequest(400, 'content is missing');
  if (typeof context !== 'object' || context === null || Array.isArray(context))
    throw new BadRequest(400, 'context is not an object');
  const known = renderLanguage(language);
  if (known === undefined) throw new BadRequest(400, `unknown language: ${language}`);
  return {
    language: known,
    content,
    context: context as Record<string, unknown>,
    ...(typeof name === 'string' ? { name } : {}),
  };
}

function binaries(env: RenderDaemonOptions['env']): Record<string, string> {
  return { nickel: env['NICKEL_PATH'] ?? 'nickel', kcl: env['KCL_PATH'] ?? 'kcl' };
}

/** Prometheus text. */
function metrics(renderer: Renderer): string {
  return `${Object.entries(renderer.stats())
    .map(([name, value]) => `provisioning_render_${name} ${value}`)
    .join('\n')}\n`;
}

function send(response: ServerResponse, status: number, content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const type = typeof content === 'string' ? 'text/plain; version=0.0.4' : 'application/json';
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(text);
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new ProvisioningError({
          code: cause.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'CANNOT_LISTEN',
          kind: 'conflict',
          message: `The render daemon cannot listen on ${host}:${port}: ${cause.code === 'EADDRINUSE' ? 'the port is taken' : cause.message}`,
          hint: 'Choose another address with --bind or PROVISIONING_RENDER_BIND.',
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}
