import { ProvisioningError } from '@provisioning/extensions-sdk';
import { EtcdGateway, type EtcdOptions } from '../locks/etcd-gateway.ts';
import {
  currentRequest,
  decided,
  type Decision,
  newRequest,
  type Teams,
  type WorkspaceRequest,
} from './rules.ts';

const prefix = '/provisioning/requests/';

/**
 * Requests for workspaces, kept in etcd beside the locks they permit (03 §13). Every change is a transaction on what was
 * read, so that of two decisions at once none is lost.
 */
export class WorkspaceRequests {
  readonly #etcd: EtcdGateway;

  constructor(options: EtcdOptions) {
    this.#etcd = new EtcdGateway(options);
  }

  async create(
    options: Pick<WorkspaceRequest, 'workspace' | 'user' | 'reason' | 'duration'> & { readonly teams: Teams },
    now: Date,
  ): Promise<WorkspaceRequest> {
    const day = now.toISOString().slice(0, 10).replaceAll('-', '');
    for (;;) {
      const counter = `${prefix}count/${day}`;
      const [last] = await this.#etcd.range(counter);
      const number = Number(last?.value ?? '0') + 1;
      const request = newRequest({ ...options, id: `WR-${day}-${String(number).padStart(3, '0')}` }, now);
      const made = await this.#etcd.transaction(
        { key: counter, revision: last?.mod_revision ?? '0' },
        { key: counter, value: String(number) },
        { key: `${prefix}all/${request.id}`, value: JSON.stringify(request) },
      );
      if (made) return request;
    }
  }

  /** Oldest first, with the state each has now. */
  async list(now: Date): Promise<readonly WorkspaceRequest[]> {
    return (await this.#etcd.range(`${prefix}all/`, true)).map(({ value }) =>
      currentRequest(JSON.parse(value) as WorkspaceRequest, now),
    );
  }

  /** @throws ProvisioningError `REQUEST_NOT_FOUND` (exit 5) */
  async get(id: string, now: Date): Promise<WorkspaceRequest> {
    return (await this.#read(id, now)).request;
  }

  /** @throws ProvisioningError as `decided`, `REQUEST_NOT_FOUND` (exit 5) */
  async decide(id: string, decision: Decision, teams: Teams, now: Date): Promise<WorkspaceRequest> {
    for (;;) {
      const { request, key, revision } = await this.#read(id, now);
      const after = decided(request, decision, teams, now);
      if (await this.#etcd.transaction({ key, revision }, { key, value: JSON.stringify(after) }))
        return after;
    }
  }

  async #read(
    id: string,
    now: Date,
  ): Promise<{ readonly request: WorkspaceRequest; readonly key: string; readonly revision: string }> {
    const [entry] = await this.#etcd.range(`${prefix}all/${id}`);
    if (entry === undefined) {
      throw new ProvisioningError({
        code: 'REQUEST_NOT_FOUND',
        kind: 'not-found',
        message: `Workspace request '${id}' not found`,
        hint: 'List them: provisioning workspace request list',
      });
    }
    const request = currentRequest(JSON.parse(entry.value) as WorkspaceRequest, now);
    return { request, key: entry.key, revision: entry.mod_revision };
  }
}
