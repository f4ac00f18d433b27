import childProcess from 'node:child_process';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { basename } from 'node:path';
import { ProvisioningError } from '../error.ts';

/** What the process was started with; files are guarded by Node's permission model itself. */
export interface GuardOptions {
  readonly name: string;
  readonly network: readonly string[];
  readonly exec: readonly string[];
  /** Module of the product from which its packages are found. */
  readonly productUrl: string;
}

const networkModules = new Set([
  'net',
  'tls',
  'http',
  'https',
  'http2',
  'dgram',
  'dns',
  'dns/promises',
  'inspector',
  'inspector/promises',
]);
/** Packages that an extension gets from the product when it brings none. */
const provided = /^(@provisioning\/extensions-sdk|typebox)(\/|$)/;

/** The error of an extension that reached for what it did not declare (08 §4.4). */
export function denied(name: string, action: string, resource: string): ProvisioningError {
  return new ProvisioningError({
    code: 'EXTENSION_PERMISSION',
    kind: 'permission',
    message: `Permission denied: extension ${name} may not ${action} ${resource}`,
    hint: 'An extension may touch only what its manifest lists under permissions.',
    details: { extension: name, action, resource },
  });
}

/** Whether a host matches `example.com`, `*.example.com` or `*`. */
export function hostAllowed(host: string, globs: readonly string[]): boolean {
  return globs.some((glob) => {
    if (glob === '*' || glob === host) return true;
    return glob.startsWith('*.') && host.endsWith(glob.slice(1));
  });
}

/** Closes the ways out that the permission model leaves open: network and programs. Called before any foreign code. */
export function installGuards(options: GuardOptions): void {
  guardModules(options);
  guardNetwork(options);
  guardPrograms(options);
  // Named imports of builtin modules see the guarded functions too.
  syncBuiltinESMExports();
}

function guardModules({ name, network, productUrl }: GuardOptions): void {
  const refuses = (specifier: string): boolean =>
    network.length === 0 && networkModules.has(specifier.replace(/^node:/, ''));
  registerHooks({
    resolve(specifier, context, next) {
      if (refuses(specifier)) throw denied(name, 'use', specifier);
      try {
        return next(specifier, context);
      } catch (error) {
        if (!provided.test(specifier)) throw error;
        return next(specifier, { ...context, parentURL: productUrl });
      }
    },
  });
  const builtin = process.getBuiltinModule.bind(process);
  process.getBuiltinModule = ((id: string) => {
    if (refuses(id)) throw denied(name, 'use', id);
    return builtin(id);
  }) as typeof process.getBuiltinModule;
}

function guardNetwork({ name, network }: GuardOptions): void {
  const connect = net.Socket.prototype.connect as (...parameters: unknown[]) => net.Socket;
  const guarded = function (this: net.Socket, ...parameters: unknown[]): net.Socket {
    const [first] = Array.isArray(parameters[0]) ? (parameters[0] as unknown[]) : parameters;
    const target = (
      typeof first === 'object' && first !== null ? first : { port: first, host: parameters[1] }
    ) as {
      host?: unknown;
      path?: unknown;
      servername?: unknown;
    };
    const host = String(target.path ?? target.host ?? 'localhost');
    const asked =
      typeof target.servername === 'string' && target.servername !== '' ? target.servername : host;
    if (!hostAllowed(host, network) && !hostAllowed(asked, network)) throw denied(name, 'connect to', host);
    return connect.apply(this, parameters);
  };
  net.Socket.prototype.connect = guarded as typeof net.Socket.prototype.connect;
  const ask = globalThis.fetch;
  globalThis.fetch = (async (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(typeof input === 'string' || input instanceof URL ? input : input.url);
    if (!hostAllowed(url.hostname, network)) throw denied(name, 'connect to', url.hostname);
    return ask(input, init);
  }) as typeof fetch;
  for (const global of ['WebSocket', 'EventSource']) {
    if (network.length === 0) Reflect.deleteProperty(globalThis, global);
  }
}

function guardPrograms({ name, exec }: GuardOptions): void {
  const check = (file: unknown): void => {
    const program = basename(String(file));
    if (!exec.includes(program) && !exec.includes(String(file))) throw denied(name, 'run', program);
  };
  const prototype = childProcess.ChildProcess.prototype as unknown as {
    spawn: (options: { file?: unknown }) => unknown;
  };
  const { spawn } = prototype;
  prototype.spawn = function (this: unknown, options) {
    check(options.file);
    return spawn.call(this, options);
  };
  const { spawnSync } = childProcess;
  childProcess.spawnSync = ((file: string, ...rest: unknown[]) => {
    check(file);
    return (spawnSync as (...parameters: unknown[]) => unknown)(file, ...rest);
  }) as typeof childProcess.spawnSync;
  for (const key of ['execSync', 'execFileSync'] as const) {
    (childProcess as unknown as Record<string, unknown>)[key] = (command: string) => {
      throw denied(name, 'run', command.split(' ')[0] ?? command);
    };
  }
}
