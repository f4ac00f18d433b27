import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { foreignSite, isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';
import { ImageLayout } from '../layout/layout.ts';
import { isRepository } from '../oci/reference.ts';
import { RegistryError, sendEmpty, sendError, sendJson } from './answers.ts';
import { deleteBlob, finishUpload, getBlob, patchUpload, startUpload, uploadStatus } from './blobs.ts';
import { Htpasswd } from './htpasswd.ts';
import { deleteManifest, getManifest, getReferrers, putManifest } from './manifests.ts';
import { sendCatalog, sendTags } from './lists.ts';
import { Uploads } from './uploads.ts';

export interface RegistryServerOptions {
  /** Folder of the image layout. */
  readonly storage: string;
  readonly host?: string;
  readonly port?: number;
  /** File of users; required on an address that others reach. */
  readonly htpasswdFile?: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** One line for each request that was answered. */
  readonly onRequest?: (line: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly ms: number;
  }) => void;
}

type Handler = (context: RequestContext) => Promise<void> | void;

interface RequestContext {
  readonly name: string;
  readonly rest: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const idleTimeout = 120_000;

/** Serves an image layout directory as a registry (distribution-spec 1.1: pull, push, discovery, management). */
export class RegistryServer {
  readonly layout: ImageLayout;
  readonly #options: RegistryServerOptions;
  readonly #server: Server;
  readonly #uploads: Uploads;
  readonly #users: Htpasswd | undefined;
  readonly #answered = new Map<string, number>();

  constructor(options: RegistryServerOptions) {
    const host = options.host ?? '127.0.0.1';
    if (!isLoopback(host) && options.htpasswdFile === undefined) {
      throw new ProvisioningError({
        code: 'AUTHENTICATION_REQUIRED',
        kind: 'permission',
        message: `A registry on ${host} can be reached by others and needs --auth`,
        hint: 'make a user with "provisioning oci-registry init --user <name> --password-stdin", or bind 127.0.0.1',
      });
    }
    this.#options = options;
    this.layout = new ImageLayout(options.storage);
    this.#uploads = new Uploads(options.storage, this.layout.blobs);
    this.#users = options.htpasswdFile === undefined ? undefined : new Htpasswd(options.htpasswdFile);
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#handle(request, response);
    const { tls } = options;
    this.#server =
      tls === undefined
        ? createServer(listener)
        : createTlsServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, listener);
    // Large uploads take as long as they take; a connection that is silent does not.
    this.#server.requestTimeout = 0;
    this.#server.setTimeout(idleTimeout);
  }

  /** Starts listening. @throws ProvisioningError `PORT_IN_USE`. */
  async listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host = '127.0.0.1', port = 5000 } = this.#options;
    // An empty layout is a layout.
    await this.layout.index.update((entries) => [...entries]);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? portInUse(port) : error),
      );
      this.#server.listen(port, host, resolve);
    });
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** Answers what is under way and stops. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), 5000).unref();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const path = (request.url ?? '/').split('?')[0]!;
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    response.on('close', () => {
      const status = response.statusCode;
      this.#answered.set(
        `${request.method} ${status}`,
        (this.#answered.get(`${request.method} ${status}`) ?? 0) + 1,
      );
      this.#options.onRequest?.({
        method: request.method ?? '',
        path,
        status,
        ms: Math.round(performance.now() - started),
      });
    });
    try {
      await this.#route(path, request, response);
    } catch (error) {
      request.resume();
      sendError(response, error);
    }
  }

  async #route(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URL(request.url ?? '/', 'http://registry').searchParams;
    if (path === '/health') return sendJson(response, 200, { status: 'healthy' });
    if (this.#users !== undefined && !(await this.#users.accepts(request.headers.authorization))) {
      throw new RegistryError(401, 'UNAUTHORIZED', 'authentication required', {
        'www-authenticate': 'Basic realm="provisioning", charset="UTF-8"',
      });
    }
    const site = this.#users === undefined ? foreignSite(request.headers) : undefined;
    if (site !== undefined) throw new RegistryError(403, 'DENIED', `not served for ${site}`);
    if (path === '/metrics') return this.#metrics(response);
    if (path === '/v2/' || path === '/v2') return sendJson(response, 200, {});
    if (path === '/v2/_catalog' && request.method === 'GET') return sendCatalog(this.layout, query, response);
    // The last such word counts: a repository may have one of them as a part of its own name.
    const match = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags|referrers)\/([^/]*)$/.exec(path);
    if (match === null) throw new RegistryError(404, 'UNSUPPORTED', 'no such address');
    const [, name, area, rest] = match as unknown as [string, string, string, string];
    if (!isRepository(name)) throw new RegistryError(400, 'NAME_INVALID', 'not a repository name');
    const handler = this.#handlers[`${request.method === 'HEAD' ? 'GET' : request.method} ${area}`];
    if (handler === undefined) throw new RegistryError(405, 'UNSUPPORTED', 'not supported here');
    await handler({ name, rest: decodeURIComponent(rest), query, request, response });
  }

  readonly #handlers: Readonly<Record<string, Handler>> = {
    'GET blobs': ({ rest, request, response }) => getBlob(this.layout, rest, request, response),
    'DELETE blobs': ({ rest, response }) => deleteBlob(this.layout, rest, response),
    'POST blobs/uploads': ({ name, query, request, response }) =>
      startUpload(this.layout, this.#uploads, name, query, request, response),
    'GET blobs/uploads': ({ name, rest, response }) => uploadStatus(this.#uploads, name, rest, response),
    'PATCH blobs/uploads': ({ name, rest, request, response }) =>
      patchUpload(this.#uploads, name, rest, request, response),
    'PUT blobs/uploads': ({ name, rest, query, request, response }) =>
      finishUpload(this.#uploads, name, rest, query.get('digest'), request, response),
    'DELETE blobs/uploads': async ({ name, rest, response }) => {
      await this.#uploads.cancel(name, rest);
      sendEmpty(response, 204);
    },
    'GET manifests': ({ name, rest, response }) => getManifest(this.layout.repository(name), rest, response),
    'PUT manifests': ({ name, rest, request, response }) =>
      putManifest(this.layout.repository(name), rest, request, response),
    'DELETE manifests': ({ name, rest, response }) =>
      deleteManifest(this.layout.repository(name), rest, response),
    'GET tags': ({ name, rest, query, response }) => {
      if (rest !== 'list') throw new RegistryError(404, 'UNSUPPORTED', 'no such address');
      return sendTags(this.layout.repository(name), query, response);
    },
    'GET referrers': ({ name, rest, query, response }) =>
      getReferrers(this.layout.repository(name), rest, query.get('artifactType'), response),
  };

  #metrics(response: ServerResponse): void {
    const lines = ['# TYPE http_requests_total counter'];
    for (const [key, count] of this.#answered) {
      const [method, status] = key.split(' ');
      lines.push(`http_requests_total{method="${method}",status="${status}"} ${count}`);
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(`${lines.join('\n')}\n`);
  }
}

function portInUse(port: number): ProvisioningError {
  return new ProvisioningError({
    code: 'PORT_IN_USE',
    message: `Port ${port} is in use`,
    hint: 'choose another one with --port',
  });
}
