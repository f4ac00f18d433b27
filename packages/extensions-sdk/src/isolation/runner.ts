import { pathToFileURL } from 'node:url';
import { ProvisioningError } from '../error.ts';
import type { Provider, ProviderContext, ProviderInstance } from '../provider.ts';
import { type GuardOptions, denied, installGuards } from './guard.ts';
import type { Message } from './marshal.ts';
import { Peer } from './peer.ts';

/**
 * The program of an extension's own process (08 §4.4). It is started with Node's permission model on, talks to the
 * product over the process channel only, and imports the extension when it is asked to.
 */

interface Start extends GuardOptions {
  readonly entry: string;
}

const start = JSON.parse(process.argv[2] ?? '{}') as Start;
const send = process.send!.bind(process) as (message: Message) => boolean;
let module: Record<string, unknown> | undefined;
let instance: ProviderInstance | undefined;

const peer = new Peer(
  (message) => void send(message),
  async (method, parameters) => {
    try {
      return await answer(method, parameters as unknown[]);
    } catch (error) {
      throw asPermission(error);
    }
  },
);

installGuards({ ...start, productUrl: import.meta.url });
process.on('message', (message: Message) => peer.receive(message));
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });

async function answer(method: string, parameters: readonly unknown[]): Promise<unknown> {
  if (method === 'exports') return Object.keys(await load());
  if (method === 'value') return plain((await load())[String(parameters[0])]);
  if (method === 'invoke') {
    const [name, ...rest] = parameters;
    const hook = (await load())[String(name)];
    return typeof hook === 'function'
      ? plain(await (hook as (...all: unknown[]) => unknown)(...rest))
      : undefined;
  }
  if (method === 'provider.describe') return describe(await provider());
  if (method === 'provider.init') {
    instance = await (await provider()).init({ ...(parameters[0] as ProviderContext), now: Date.now });
    return functionsOf(instance);
  }
  if (method === 'provider.call') return callInstance(String(parameters[0]), parameters.slice(1));
  throw new Error(`unknown request ${method}`);
}

async function load(): Promise<Record<string, unknown>> {
  module ??= (await import(pathToFileURL(start.entry).href)) as Record<string, unknown>;
  return module;
}

async function provider(): Promise<Provider> {
  const value = (await load()).default as Provider | undefined;
  if (typeof value?.init === 'function' && typeof value.metadata === 'function') return value;
  throw new ProvisioningError({
    code: 'PROVIDER_LOAD_FAILED',
    message: `Provider '${start.name}' does not load: the default export is no provider`,
    location: { file: start.entry },
    hint: 'Export the result of defineProvider({...}) as default.',
  });
}

function describe(value: Provider): unknown {
  return plain({
    apiVersion: value.apiVersion,
    metadata: value.metadata(),
    configSchema: value.configSchema,
    serverSchema: value.serverSchema,
    defaults: value.defaults,
  });
}

/** Names of the functions of an instance, those of its groups as `network.ensure`. */
function functionsOf(value: ProviderInstance): string[] {
  const names: string[] = [];
  const seen = new Set<string>();
  for (
    let object: object | null = value;
    object !== null && object !== Object.prototype;
    object = Object.getPrototypeOf(object) as object | null
  ) {
    for (const key of Object.getOwnPropertyNames(object)) {
      if (key === 'constructor' || seen.has(key)) continue;
      seen.add(key);
      const member = (value as unknown as Record<string, unknown>)[key];
      if (typeof member === 'function') names.push(key);
      else if (typeof member === 'object' && member !== null) {
        for (const [inner, part] of Object.entries(member))
          if (typeof part === 'function') names.push(`${key}.${inner}`);
      }
    }
  }
  return names;
}

function callInstance(path: string, parameters: readonly unknown[]): unknown {
  const [group, member] = path.split('.') as [string, string | undefined];
  const owner = member === undefined ? instance : (instance as unknown as Record<string, unknown>)[group];
  const call = (owner as Record<string, unknown>)[member ?? group] as (...all: unknown[]) => unknown;
  return call.apply(owner, [...parameters]);
}

/** Data only: what JSON keeps. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** Errors of Node's permission model in our words. */
function asPermission(error: unknown): unknown {
  const { code, permission, resource } = (error ?? {}) as {
    code?: string;
    permission?: string;
    resource?: string;
  };
  if (code !== 'ERR_ACCESS_DENIED') return error;
  const actions: Record<string, string> = {
    FileSystemRead: 'read',
    FileSystemWrite: 'write',
    ChildProcess: 'run',
  };
  return denied(
    start.name,
    actions[permission ?? ''] ?? 'use',
    resource === undefined || resource === '' ? 'a program' : resource,
  );
}
