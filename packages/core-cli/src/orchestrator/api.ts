import { Http } from '@provisioning/client';
import type { ProvisioningCommand } from '../frame/command.ts';
import { notAvailable, settingsFor } from './session.ts';
import { isServing, orchestratorHealth } from './control.ts';
import type { OrchestratorSettings } from './settings.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The orchestrator's routes as they are, for commands that show what they answer. Paths stand below `/api/v1`. */
export interface OrchestratorApi {
  readonly settings: OrchestratorSettings;
  get<T>(path: string, query?: Query): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
  /** A route outside of the prefix that answers text: `/metrics`. */
  text(path: string): Promise<string>;
}

/** @throws ProvisioningError `ORCHESTRATOR_NOT_AVAILABLE` when nothing answers. Nothing is started. */
export async function apiFor(command: ProvisioningCommand): Promise<OrchestratorApi> {
  const settings = await settingsFor(command);
  if (!isServing(await orchestratorHealth(settings))) throw notAvailable(settings);
  const token = command.globals.token ?? command.runtime.environment['PROVISIONING_AUTH_TOKEN'];
  const http = new Http({
    endpoint: settings.endpoint,
    timeout: settings.timeout * 1000,
    ...(token === undefined ? {} : { token: () => token }),
  });
  const { signal } = command;
  const at = (path: string) => `/api/v1${path}`;
  return {
    settings,
    get: async <T>(path: string, query: Query = {}) =>
      (await http.call<T>({ method: 'GET', path: at(path), query, signal })).data,
    post: async <T>(path: string, body: unknown = {}) =>
      (await http.call<T>({ method: 'POST', path: at(path), body, signal })).data,
    put: async <T>(path: string, body: unknown) =>
      (await http.call<T>({ method: 'PUT', path: at(path), body, signal })).data,
    async delete(path) {
      await http.call({ method: 'DELETE', path: at(path), signal });
    },
    text: async (path) => (await http.call<string>({ method: 'GET', path, raw: true, signal })).data,
  };
}
