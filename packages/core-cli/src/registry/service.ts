import { Http, NetworkError } from '@provisioning/client';
import { type ExtensionKind, parseKind } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { string } from '@oclif/core/flags';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { Column } from '../output/table.ts';
import { openConfiguration } from '../session/workspace.ts';

export const serviceFlags = {
  registry: string({ description: 'extension registry instead of the configured one: name or address' }),
};

/** An extension as the service lists it (10 §3). */
export interface RegistryExtension {
  readonly name: string;
  readonly type: ExtensionKind;
  readonly version: string;
  readonly description: string;
  readonly backend: { readonly id: string };
  readonly [more: string]: unknown;
}

export interface RegistryVersion {
  readonly version: string;
  readonly published_at?: string;
  readonly backend: { readonly id: string };
  readonly digest?: string;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const fallback = 'http://localhost:8081';

/** The extension-registry service (10 §8). */
export class RegistryClient {
  readonly url: string;
  readonly #command: ProvisioningCommand;
  readonly #http: Http;

  constructor(command: ProvisioningCommand, url: string) {
    this.#command = command;
    this.url = url.replace(/\/+$/, '');
    const token = command.globals.token ?? command.runtime.environment['PROVISIONING_AUTH_TOKEN'];
    this.#http = new Http({
      endpoint: this.url,
      retry: false,
      ...(token === undefined ? {} : { token: () => token }),
    });
  }

  /** The answer as it is. @throws ProvisioningError `REGISTRY_UNREACHABLE`, exit 1. */
  async text(method: 'GET' | 'DELETE', path: string, query: Query = {}, accept: readonly number[] = []) {
    try {
      const request = { method, path, query, accept, raw: true, signal: this.#command.signal };
      return (await this.#http.call<string>(request)).data;
    } catch (error) {
      if (error instanceof NetworkError) throw unreachable(this.url, error);
      throw error;
    }
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return (await this.#answer<T>(path, query)).data;
  }

  async #answer<T>(path: string, query: Query) {
    const document = JSON.parse(await this.text('GET', `/api/v1${path}`, query)) as {
      readonly data: T;
      readonly metadata?: { readonly errors?: readonly { readonly id: string; readonly error: string }[] };
    };
    for (const { id, error } of document.metadata?.errors ?? []) this.#command.out.warn(`${id}: ${error}`);
    return document;
  }

  /** The kind and name that a name of the command line means. @throws ProvisioningError `AMBIGUOUS_NAME`, exit 2. */
  async identify(text: string): Promise<{ readonly type: ExtensionKind; readonly name: string }> {
    const slash = text.indexOf('/');
    if (slash !== -1) return { type: parseKind(text.slice(0, slash)), name: text.slice(slash + 1) };
    const found = await this.get<readonly RegistryExtension[]>('/extensions/search', {
      q: text,
      prerelease: true,
      limit: 1000,
    });
    const own = found.filter(({ name }) => name === text);
    if (own.length === 1) return { type: own[0]!.type, name: text };
    if (own.length === 0) {
      throw new ProvisioningError({
        code: 'EXTENSION_NOT_FOUND',
        kind: 'not-found',
        message: `Extension not found: ${text}`,
        hint: `provisioning registry search ${text}`,
      });
    }
    const names = own.map(({ type }) => `${type}/${text}`).join(', ');
    throw new ProvisioningError({
      code: 'AMBIGUOUS_NAME',
      kind: 'usage',
      message: `Name ${text} is ambiguous: ${names}`,
      hint: 'write the kind too',
    });
  }
}

function unreachable(url: string, cause: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'REGISTRY_UNREACHABLE',
    message: `Extension registry not reachable at ${url}`,
    hint: 'Start it: provisioning-extension-registry --config <file>. Name another one: --registry <url>',
    cause,
  });
}

/** The service that `--registry`, the environment or the configuration names (10 §8). */
export async function registryUrl(command: ProvisioningCommand, flag: string | undefined): Promise<string> {
  const { configuration } = await openConfiguration(command);
  const named = configuration.get('registries') as
    Readonly<Record<string, { readonly url?: string }>> | undefined;
  const configured = configuration.get('platform.extension_registry.url');
  if (flag !== undefined) return named?.[flag]?.url ?? (flag.includes('://') ? flag : `http://${flag}`);
  const environment = command.runtime.environment['PROVISIONING_REGISTRY_URL'];
  return environment ?? (typeof configured === 'string' ? configured : fallback);
}

export async function openRegistry(
  command: ProvisioningCommand,
  flags: { readonly registry?: string },
): Promise<RegistryClient> {
  return new RegistryClient(command, await registryUrl(command, flags.registry));
}

export const extensionColumns: readonly Column<RegistryExtension>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'type', value: ({ type }) => type },
  { title: 'version', value: ({ version }) => version },
  { title: 'description', value: ({ description }) => description },
  { title: 'backend', value: ({ backend }) => backend.id },
];
