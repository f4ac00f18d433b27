import { callOperation } from './call.ts';
import { queryOf } from './calling-client.ts';
import type { ClientEvents, ConnectOptions } from './connected-client.ts';
import { NotFoundError, UnsupportedVersionError } from './errors.ts';
import type { CallOptions } from './http.ts';
import type { Health, Listed, ListFilters, Versions } from './requests.ts';
import { snakeCased } from './snake-case.ts';
import { WorkflowClient } from './workflow-client.ts';

export type { ClientEvents, ConnectOptions };

/**
 * The typed client of an orchestrator (14). Constructing does no I/O; `close()` ends all that it has begun. Works in
 * Node.js and in browsers.
 */
export class ProvisioningClient extends WorkflowClient {
  // The service

  getSystemHealth(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getSystemHealth', call);
  }

  getSystemMetrics(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getSystemMetrics', call);
  }

  getStatistics(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getStatistics', call);
  }

  getQueueStatus(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getQueueStatus', call);
  }

  async getVersions(call?: CallOptions): Promise<Versions> {
    return (await callOperation<Versions>(this.http, 'getVersions', { ...call, anonymous: true })).data;
  }

  /** The highest level that both sides know. @throws UnsupportedVersionError when there is none */
  async negotiateVersion(): Promise<string> {
    const { api } = await this.getVersions();
    const known = ['v3', 'v2', 'v1'];
    const common = known.find((level) => api.levels.includes(level));
    if (common !== undefined) return common;
    throw new UnsupportedVersionError({
      code: 'UNSUPPORTED_VERSION',
      message: `No common API level: the server has ${api.levels.join(', ')}, this client ${known.join(', ')}`,
    });
  }

  /** Whether the service works; false on any error. Sends no token. */
  async healthCheck(call?: CallOptions): Promise<boolean> {
    try {
      const { data } = await callOperation<string>(this.http, 'getHealth', {
        ...call,
        anonymous: true,
        retry: false,
      });
      const { success, status } = JSON.parse(data) as Partial<Health>;
      return success !== false && ['healthy', 'degraded', 'ok'].includes(status ?? '');
    } catch {
      return false;
    }
  }

  // Resources

  listServers(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.listed('listServers', filters, call);
  }

  getServer(id: string, query: ListFilters = {}, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getServer', { ...call, path: { id }, query: queryOf(query) });
  }

  createServer(
    server: Readonly<Record<string, unknown>>,
    call?: CallOptions,
  ): Promise<Record<string, unknown>> {
    return this.ask('createServer', { ...call, body: snakeCased(server) });
  }

  deleteServer(id: string, query: ListFilters = {}, call?: CallOptions): Promise<unknown> {
    return this.ask('deleteServer', { ...call, path: { id }, query: queryOf(query) });
  }

  listTaskservs(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.listed('listTaskservs', filters, call);
  }

  listClusters(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.listed('listClusters', filters, call);
  }

  listOperations(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.listed('listOperations', filters, call);
  }

  /** @param id of the operation's task */
  getOperation(id: string, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getOperation', { ...call, path: { id } });
  }

  /** Cancels the workflow of an operation. @param id of the operation's task */
  cancelOperation(id: string, call?: CallOptions): Promise<string> {
    return this.ask('cancelOperation', { ...call, path: { id } });
  }

  /** Tells everybody who listens of something of your own. */
  async publishEvent(
    type: string,
    data: unknown,
    metadata?: Readonly<Record<string, unknown>>,
    call?: CallOptions,
  ): Promise<void> {
    await this.ask('publishEvent', { ...call, body: { event_type: type, data, metadata } });
  }
}

/** Whether a task or workflow is not known to the server. */
export function isUnknown(error: unknown): boolean {
  return error instanceof NotFoundError;
}
