import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { readHistories, serversOfNodes, taskservManifests } from '@provisioning/core';
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
  /** What each server is meant to have, where they are not all meant for all of them. */
  readonly byServer?: Readonly<Record<string, readonly string[]>>;
  /** Somebody chose the servers just now, or `--yes` stands for all: no second question. */
  readonly chosen?: boolean;
}

/** The taskservs that are meant for one server. */
export function namesOn({ names, byServer }: TaskservTargets, hostname: string): readonly string[] {
  return byServer === undefined ? names : (byServer[hostname] ?? []);
}

/** What places taskservs that no server has in its definition: it gives the servers that shall have them. */
export type Placing = (names: readonly string[], able: readonly string[]) => Promise<readonly string[]>;

/**
 * Reads `N.. [SERVER]` with `--taskserv` and `--servers` (01 §1.6, §13.2): a last word that is a server is one. Without
 * a server each taskserv is meant for the servers that have it in their definition, then for those its `nodes` name,
 * then for those it was installed on from here (07 §5.2).
 */
export async function taskservTargets(
  session: InfrastructureSession,
  words: readonly string[],
  flags: { readonly taskserv?: string; readonly servers?: readonly string[] },
  options: { readonly place?: Placing } = {},
): Promise<TaskservTargets> {
  const { servers } = session.infrastructure;
  const typed = [...words, ...(flags.taskserv === undefined ? [] : [flags.taskserv])].flatMap(splitList);
  const hostnames = (flags.servers ?? []).flatMap(splitList);
  const names = new Set<string>();
  for (const [index, word] of typed.entries()) {
    const server = index === typed.length - 1 && servers.some(({ hostname }) => hostname === word);
    if (index > 0 && server) hostnames.push(word);
    else names.add((await findTaskserv(session.project.extensions, word)).name);
  }
  for (const hostname of hostnames) await findServer(session, hostname);
  if (names.size === 0) {
    throw new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: 'Missing required argument: taskserv',
    });
  }
  if (hostnames.length > 0) return { names: [...names], hostnames: [...new Set(hostnames)] };
  return place(session, [...names], options.place);
}

/** Where each taskserv belongs when nobody said it on the command line. */
async function place(
  session: InfrastructureSession,
  names: readonly string[],
  placing: Placing | undefined,
): Promise<TaskservTargets> {
  const { servers, name: infra } = session.infrastructure;
  const places = new Map<string, readonly string[]>();
  for (const name of names) places.set(name, await knownPlaces(session, name));
  const homeless = names.filter((name) => places.get(name)!.length === 0);
  let chosen = false;
  if (homeless.length > 0) {
    // Where there is one server only, nothing else can be meant; a command that looks tries where the others are.
    const single = servers.length === 1;
    const able =
      single || placing !== undefined
        ? await eligible(session, homeless)
        : [...new Set([...places.values()].flat())];
    chosen = !single && placing !== undefined;
    const found = chosen ? await placing!(homeless, able) : able;
    for (const name of homeless) places.set(name, found);
  }
  const lists = servers.map(({ hostname }) => {
    const here = names.filter((name) => places.get(name)!.includes(hostname));
    return [hostname, here] as const;
  });
  const meant = lists.filter(([, list]) => list.length > 0);
  if (meant.length === 0) {
    throw new ProvisioningError({
      code: 'NO_SERVER',
      kind: 'usage',
      message: `No server of '${infra}' has ${names.join(', ')} in its definition`,
      hint: `Name a server: provisioning taskserv create ${names[0]!} <server>. There are: ${servers.map(({ hostname }) => hostname).join(', ')}`,
    });
  }
  const alike = meant.every(([, list]) => list.length === names.length);
  return {
    names,
    hostnames: meant.map(([hostname]) => hostname),
    ...(alike ? {} : { byServer: Object.fromEntries(meant) }),
    ...(chosen ? { chosen } : {}),
  };
}

/** Servers that have a taskserv in their definition, that its `nodes` name, or that it was installed on from here. */
async function knownPlaces(session: InfrastructureSession, name: string): Promise<readonly string[]> {
  const { servers } = session.infrastructure;
  const listed = servers.filter((server) => uses(server, name)).map(({ hostname }) => hostname);
  if (listed.length > 0) return listed;
  const meant = serversOfNodes(name, session.infrastructure);
  if (meant.length > 0) return meant;
  // What was installed from here counts, too, also when the definition no longer says so.
  const there = new Set(servers.map(({ hostname }) => hostname));
  const histories = await readHistories(session.context);
  return [...histories].flatMap(([hostname, history]) =>
    there.has(hostname) && name in history ? [hostname] : [],
  );
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
