import { infraPath, StateFile } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';

export interface ServerSnapshot {
  readonly server: string;
  readonly provider: string;
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

/** `20261123-131500`: part of the name of every snapshot of one backup. */
export function stampOf(now: number): string {
  return new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
}

const named = /^(.+)-(\d{8}-\d{6})$/;

/** Servers that exist, with what makes their snapshots. @throws ProvisioningError `SNAPSHOTS_UNSUPPORTED`. */
export async function snapshotServers(session: InfrastructureSession, only: readonly string[] | undefined) {
  const { context } = session;
  const { servers } = await new StateFile(infraPath(context)).read();
  const names = Object.keys(servers).filter((name) => only === undefined || only.includes(name));
  const unknown = only?.find((name) => servers[name] === undefined);
  if (unknown !== undefined || names.length === 0) {
    throw new ProvisioningError({
      code: 'SERVER_NOT_FOUND',
      kind: 'not-found',
      message: unknown === undefined ? 'No server has been created yet' : `Server not found: ${unknown}`,
      hint: 'See the servers there are: provisioning server list',
    });
  }
  return Promise.all(
    names.map(async (hostname) => {
      const { provider } = servers[hostname]!;
      const { snapshot } = await context.provider(provider);
      if (snapshot !== undefined) return { hostname, provider, snapshot };
      throw new ProvisioningError({
        code: 'SNAPSHOTS_UNSUPPORTED',
        message: `Provider '${provider}' does not support snapshots`,
        hint: `Leave its servers out: name those that are to be backed up`,
      });
    }),
  );
}

/** Snapshots that `storage backup` made, newest first. */
export async function listSnapshots(
  servers: Awaited<ReturnType<typeof snapshotServers>>,
): Promise<readonly (ServerSnapshot & { readonly backup: string })[]> {
  const byProvider = new Map(servers.map(({ provider, snapshot }) => [provider, snapshot]));
  const lists = await Promise.all(
    [...byProvider].map(async ([provider, snapshot]) =>
      (await snapshot.list()).flatMap(({ id, name, created_at }) => {
        const [, server, backup] = named.exec(name) ?? [];
        return server === undefined || backup === undefined
          ? []
          : [{ server, provider, id, name, created_at, backup }];
      }),
    ),
  );
  return lists.flat().sort((a, b) => b.backup.localeCompare(a.backup) || a.server.localeCompare(b.server));
}
