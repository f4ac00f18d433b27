import type { Infrastructure } from '@provisioning/core';
import { ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { findServer } from '../server/find.ts';
import { findTaskserv } from './catalogue.ts';

/** Taskservs and the servers they are meant for. */
export interface TaskservTargets {
  readonly names: readonly string[];
  readonly hostnames: readonly string[];
}

/**
 * Reads `N.. [SERVER]` with `--taskserv` and `--servers` (01 §1.6, §13.2): a last word that is a server is one. Without
 * a server, all that have one of the taskservs in their definition are meant.
 */
export async function taskservTargets(
  session: InfrastructureSession,
  words: readonly string[],
  flags: { readonly taskserv?: string; readonly servers?: readonly string[] },
): Promise<TaskservTargets> {
  const { servers } = session.infrastructure;
  const names = [...words, ...(flags.taskserv === undefined ? [] : [flags.taskserv])];
  const hostnames = [...(flags.servers ?? [])];
  const last = names.at(-1);
  if (last !== undefined && names.length > 1 && servers.some(({ hostname }) => hostname === last)) {
    hostnames.push(names.pop()!);
  }
  for (const name of names) await findTaskserv(session.project.extensions, name);
  for (const hostname of hostnames) await findServer(session, hostname);
  if (names.length === 0) {
    throw new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: 'Missing required argument: taskserv',
    });
  }
  if (hostnames.length === 0) {
    hostnames.push(
      ...servers.filter((server) => names.some((name) => uses(server, name))).map(({ hostname }) => hostname),
    );
  }
  if (hostnames.length === 0) {
    throw new ProvisioningError({
      code: 'NO_SERVER',
      kind: 'usage',
      message: `No server of '${session.infrastructure.name}' has ${names.join(', ')} in its definition`,
      hint: `Name a server: provisioning taskserv create ${names[0]!} <server>. There are: ${servers.map(({ hostname }) => hostname).join(', ')}`,
    });
  }
  return { names, hostnames };
}

/** Whether a server's definition has the taskserv, switched on. */
export function uses(server: Server, name: string): boolean {
  return server.taskservs.some((entry) => entry.name === name && entry.enabled);
}

/** The definition with the taskservs on these servers, also where it does not say so yet. */
export function withTaskservs(
  infrastructure: Infrastructure,
  targets: TaskservTargets,
  version: string | undefined,
): { readonly definition: Infrastructure; readonly added: readonly string[] } {
  const added: string[] = [];
  const servers = infrastructure.servers.map((server) => {
    if (!targets.hostnames.includes(server.hostname)) return server;
    const known = server.taskservs.map((entry) =>
      version !== undefined && targets.names.includes(entry.name) ? { ...entry, version } : entry,
    );
    const missing = targets.names.filter((name) => !uses(server, name));
    for (const name of missing) added.push(`${server.hostname}/${name}`);
    const entries = missing.map((name) => ({
      name,
      profile: 'default',
      enabled: true,
      config: {},
      ...(version === undefined ? {} : { version }),
    }));
    return {
      ...server,
      taskservs: [...known.filter(({ name, enabled }) => enabled || !missing.includes(name)), ...entries],
    };
  });
  return { definition: { ...infrastructure, servers } as Infrastructure, added };
}
