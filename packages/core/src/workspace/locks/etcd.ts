import { setTimeout as delay } from 'node:timers/promises';
import { EtcdGateway, type EtcdOptions } from './etcd-gateway.ts';
import type { LockProvider, LockRequest, WorkspaceLock } from './record.ts';
import { conflicts } from './record.ts';

/**
 * Locks in etcd (03 §12): a key below `/provisioning/locks/<ws>/` with a lease, so that the lock of a dead process ends
 * by itself. Taking one is a transaction on the guard of the workspace: of two processes exactly one succeeds. Speaks
 * the JSON gateway of etcd's API v3 (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/).
 */
export function etcdLocks(options: EtcdOptions): LockProvider {
  const etcd = new EtcdGateway(options);
  const prefix = (workspace: { readonly name: string }): string => `/provisioning/locks/${workspace.name}/`;
  const held = async (workspace: { readonly name: string }): Promise<WorkspaceLock[]> => {
    const now = Date.now();
    return (await etcd.range(`${prefix(workspace)}held/`, true))
      .map(({ value }) => JSON.parse(value) as WorkspaceLock)
      .filter(({ expires_at: end }) => Date.parse(end) > now)
      .sort((a, b) => Number(a.id) - Number(b.id));
  };
  return {
    name: 'etcd',

    async acquire(request) {
      const guard = `${prefix(request.workspace)}guard`;
      for (;;) {
        const [state] = await etcd.range(guard);
        const inTheWay = conflicts(request.type, await held(request.workspace));
        if (inTheWay.length > 0) return { held: inTheWay };
        const id = String(Number(state?.value ?? '0') + 1);
        const lock = recordOf(request, id);
        const lease = await etcd.grant(request.life);
        const taken = await etcd.transaction(
          { key: guard, revision: state?.mod_revision ?? '0' },
          { key: guard, value: id },
          { key: `${prefix(request.workspace)}held/${id}`, value: JSON.stringify(lock), lease },
        );
        if (taken) return { lock };
        await etcd.revoke(lease);
        await delay(5 + Math.random() * 20);
      }
    },

    async release(workspace, id) {
      const [entry] = await etcd.range(`${prefix(workspace)}held/${id}`);
      if (entry === undefined) return false;
      // Ending the lease removes its key.
      if (entry.lease === undefined) await etcd.remove(entry.key);
      else await etcd.revoke(entry.lease);
      return true;
    },

    async renew(workspace, id, life) {
      const key = `${prefix(workspace)}held/${id}`;
      const [entry] = await etcd.range(key);
      if (entry === undefined) return false;
      const lock = JSON.parse(entry.value) as WorkspaceLock;
      const lease = await etcd.grant(life);
      const kept = await etcd.transaction(
        { key, revision: entry.mod_revision },
        {
          key,
          value: JSON.stringify({ ...lock, expires_at: new Date(Date.now() + life).toISOString() }),
          lease,
        },
      );
      await etcd.revoke(kept ? (entry.lease ?? lease) : lease);
      return kept;
    },

    list: (workspace) => held(workspace),

    // A lease removes its lock the moment it ends.
    cleanup: async () => 0,
  };
}

function recordOf(request: LockRequest, id: string): WorkspaceLock {
  const now = Date.now();
  return {
    id,
    workspace: request.workspace.name,
    type: request.type,
    user: request.user,
    host: request.host,
    pid: request.pid,
    operation: request.operation,
    acquired_at: new Date(now).toISOString(),
    expires_at: new Date(now + request.life).toISOString(),
    provider: 'etcd',
    ...(request.automatic === true ? { automatic: true } : {}),
  };
}
