import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { readHistories, taskservManifests } from '@provisioning/core';
import { ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import { splitList } from '../argv/lists.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { findServer } from '../server/find.ts';
import { findTaskserv } from './catalogue.ts';

/** How commands name taskservs and servers. */
export const taskservArguments = {
  taskserv: argument({ multiple: true, description: 'taskservs, and at the end a server' }),
};
export const taskservFlags = {
  taskserv: string({ description: 'taskserv instead of the argument' }),
  servers: string({ description: 'servers instead of the last argument', multiple: true }),
};

/** Taskservs and the servers they are meant for. */
export interface TaskservTargets {
  readonly names: readonly string[];
  readonly hostnames: readonly string[];
  /** Nobody said which servers, so that all are meant. */
  readonly everywhere?: boolean;
}

/**
 * Reads `N.. [SERVER]` with `--taskserv` and `--servers` (01 §1.6, §13.2): a last word that is a server is one. Without
 * a server, all that have one of the taskservs in their definition are meant.
 */
export async function taskservTargets(
  session: InfrastructureSession,
  words: readonly string[],
  flags: { readonly taskserv?: string; readonly servers?: readonly string[] },
  options: { readonly everywhere?: boolean } = {},
): Promise<TaskservTargets> {
  const { servers } = session.infrastructure;
  const typed = [...words, ...(flags.taskserv === undefined ? [] : [flags.taskserv])].flatMap(splitList);
  const hostnames = (flags.servers ?? []).flatMap(splitList);
  const names: string[] = [];
  for (const [index, word] of typed.entries()) {
    const server = index === typed.length - 1 && servers.some(({ hostname }) => hostname === word);
    if (index > 0 && server) hostnames.push(word);
    else names.push((await findTaskserv(session.project.extensions, word)).name);
  }
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
  // What was installed from here counts, too, also when the definition no longer says so.
  if (hostnames.length === 0) {
    for (const [hostname, history] of await readHistories(session.context)) {
      const there = servers.some((server) => server.hostname === hostname);
      if (there && names.some((name) => name in history)) hostnames.push(hostname);
    }
  }
  // Where there is one server only, nothing else can be meant.
  const everywhere = hostnames.length === 0 && (servers.length === 1 || options.everywhere === true);
  if (everywhere) hostnames.push(...(await eligible(session, names)));
  if (hostnames.length === 0) {
    throw new ProvisioningError({
      code: 'NO_SERVER',
      kind: 'usage',
      message: `No server of '${session.infrastructure.name}' has ${names.join(', ')} in its definition`,
      hint: `Name a server: provisioning taskserv create ${names[0]!} <server>. There are: ${servers.map(({ hostname }) => hostname).join(', ')}`,
    });
  }
  return {
    names: [...new Set(names)],
    hostnames: [...new Set(hostnames)],
    ...(everywhere && servers.length > 1 ? { everywhere } : {}),
  };
}

/**
 * Servers whose definition leaves room for the taskservs (07 §5.2).
 * @throws ProvisioningError `NO_SERVER` when there is none.
 */
async function eligible(
  session: InfrastructureSession,
  names: readonly string[],
): Promise<readonly string[]> {
  const manifests = await taskservManifests(session.project.extensions);
  const least = Math.max(0, ...names.map((name) => manifests.get(name)?.resources.memory ?? 0));
  const found = session.infrastructure.servers.filter(
    ({ memory }) => typeof memory !== 'number' || memory >= least,
  );
  if (found.length > 0) return found.map(({ hostname }) => hostname);
  throw new ProvisioningError({
    code: 'NO_SERVER',
    kind: 'usage',
    message: 'Invalid target: no eligible server',
    hint: `${names.join(', ')} needs ${least} MB of memory; no server of '${session.infrastructure.name}' has that.`,
  });
}

/** Whether a server's definition has the taskserv, switched on. */
export function uses(server: Server, name: string): boolean {
  return server.taskservs.some((entry) => entry.name === name && entry.enabled);
}
