import { expiredBackups, infraPath, listInfrastructures, StateFile } from '@provisioning/core';
import type { Storage } from '@provisioning/extensions-sdk';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { type InfrastructureSession, openInfrastructure } from '../session/infrastructure.ts';
import { listSnapshots } from './snapshots.ts';

export interface ExpiredSnapshot {
  readonly infra: string;
  readonly name: string;
  remove(): Promise<void>;
}

export interface ExpiredSnapshots extends AsyncDisposable {
  readonly list: readonly ExpiredSnapshot[];
}

/** Snapshots of `storage backup` that the retention of their infrastructure no longer keeps (05 §7.5 `cleanup`). */
export async function expiredSnapshots(
  command: ProvisioningCommand,
  path: string,
): Promise<ExpiredSnapshots> {
  const sessions: InfrastructureSession[] = [];
  const list: ExpiredSnapshot[] = [];
  for (const infra of await listInfrastructures(path)) {
    try {
      const session = await openInfrastructure(command, infra);
      sessions.push(session);
      list.push(...(await expiredOf(session)));
    } catch (error) {
      command.out.warn(`Snapshots of ${infra} are left alone: ${asProvisioningError(error).message}`);
    }
  }
  return {
    list,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) await session[Symbol.asyncDispose]();
    },
  };
}

async function expiredOf({ context, infrastructure }: InfrastructureSession): Promise<ExpiredSnapshot[]> {
  const retention = (infrastructure.storage as Storage).backup?.retention;
  if (retention === undefined) return [];
  const { servers } = await new StateFile(infraPath(context)).read();
  const services = await Promise.all(
    Object.entries(servers).map(async ([hostname, { provider }]) => ({
      ...{ hostname, provider },
      snapshot: (await context.provider(provider)).snapshot,
    })),
  );
  const supported = services.flatMap(({ hostname, provider, snapshot }) =>
    snapshot === undefined ? [] : [{ hostname, provider, snapshot }],
  );
  const snapshots = await listSnapshots(supported);
  return supported.flatMap(({ hostname, snapshot }) => {
    const own = snapshots.filter(({ server }) => server === hostname);
    const dated = own.map(({ id, name, created_at }) => ({ id, name, created: created_at }));
    return expiredBackups(dated, retention).map(({ id, name }) => ({
      ...{ infra: infrastructure.name, name },
      remove: () => snapshot.delete(id),
    }));
  });
}
