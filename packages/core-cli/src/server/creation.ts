import {
  announceSudo,
  fixLocalHost,
  infraPath,
  type LocalHost,
  localHostsPreview,
  planServers,
  type PlannedServer,
  type ServerCreationPlan,
  StateFile,
} from '@provisioning/core';
import { type OperationNode, ProvisioningError } from '@provisioning/extensions-sdk';
import { operationAnswer } from '../execution/answer.ts';
import { execute, type Execution } from '../execution/execute.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { canPrompt } from '../prompt/confirm.ts';
import type { MarkKind } from '../output/style.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { underLock } from '../session/locks.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { invalid } from '../validation/definition.ts';
import { existing, previewDocument, previewLines, serverLine } from './creation-preview.ts';
import { addressOf } from './listing.ts';
import { counted } from '../output/counted.ts';

export interface CreationOptions {
  readonly names?: readonly string[];
  /** Servers created at once. */
  readonly parallel?: number;
  /** A failure deletes what this run created. */
  readonly rollback: boolean;
  /** Replace servers in state `error`, go over the budget. */
  readonly force: boolean;
  /** Overrides `fix_local_hosts` of the definition. */
  readonly fixLocalHosts?: boolean;
}

/** With what ends it: Ctrl-C, a lost workspace lock. */
interface CreationRun extends CreationOptions {
  readonly signal: AbortSignal;
}

/** `server create` (05 §7.3): plan, refuse, ask, create, say what was made. */
export async function createServers(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  options: CreationOptions,
): Promise<void> {
  const { out, globals } = command;
  const { infrastructure, context } = session;
  if (infrastructure.servers.length + infrastructure.disabled.length + infrastructure.dns.length === 0)
    throw invalid(infrastructure.name, [{ message: 'At least one server required' }]);
  const toHosts =
    options.fixLocalHosts ?? infrastructure.servers.some(({ fix_local_hosts: fix }) => fix === true);
  const plan = await planServers(context, infrastructure, {
    ...(options.names === undefined ? {} : { names: options.names }),
    readOnly: globals.check,
    force: options.force,
    // The entry in /etc/hosts needs the address.
    wait: toHosts || (globals.wait ?? infrastructure.settings.runset.wait),
  });
  const known = plan.servers.filter(({ action }) => action === 'exists' || action === 'failed');
  const open = plan.servers.filter((planned) => !known.includes(planned));
  const hosts = open.filter(({ server }) => options.fixLocalHosts ?? server.fix_local_hosts === true);
  if (globals.check) {
    const preview = localHostsPreview(hosts.map(({ server }) => planned(server.hostname, server.user)));
    await out.result(previewDocument(plan, infrastructure.name), () => previewLines(plan, out, preview));
    return;
  }
  for (const warning of plan.warnings) out.warn(warning);
  for (const line of known.map(existing(out))) out.progress(line);
  const records = plan.records.filter(({ action }) => action !== 'unchanged');
  if (open.length === 0 && records.length === 0) {
    await out.result(operationAnswer('server.create', [], undefined), () => [
      `${out.style.mark('ok')} Nothing to do: the servers are there`,
    ]);
    return;
  }
  const place = { workspace: session.selection, configuration: session.configuration };
  await underLock(command, place, workName(session), async (signal) => {
    if (session.configuration.get('preferences.confirm_deploy') !== false) {
      const noun = open.length === 1 ? 'server' : 'servers';
      const entries = records.length === 0 ? '' : ` and ${records.map(({ name }) => name).join(', ')}`;
      await command.confirm(`Create ${open.length} ${noun}${entries} in ${infrastructure.name}?`);
    }
    announce(command, session, open);
    const started = command.runtime.now();
    const execution = await (hosts.length > 0
      ? oneByOne(command, session, plan, hosts, { ...options, signal })
      : carryOut(command, session, plan.graph, { ...options, signal }));
    await report(command, session, open, execution, command.runtime.now() - started);
  });
}

/** The heading, before anything is done (05 §9.2). */
function announce(
  { out }: ProvisioningCommand,
  { infrastructure }: InfrastructureSession,
  open: readonly PlannedServer[],
): void {
  const [only] = open;
  if (open.length === 1 && only !== undefined) {
    out.success(`Creating server: ${only.server.hostname}`);
    return;
  }
  out.line(`Creating servers for infrastructure: ${infrastructure.name}`);
  for (const { server, size } of open) {
    const plan = size.plan === '' ? `${counted(size.cores, 'core')}, ${size.memory} MB` : size.plan;
    out.line(`  ${out.style.mark('active')} Creating server: ${server.hostname} (${server.zone}, ${plan})`);
  }
}

function workName({ infrastructure }: InfrastructureSession): string {
  return `server create ${infrastructure.name}`;
}

function carryOut(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  nodes: readonly OperationNode[],
  options: CreationRun,
): Promise<Execution> {
  return execute(command, session, {
    name: workName(session),
    kind: 'server',
    command: 'server.create',
    nodes: options.rollback ? nodes.map(removable) : nodes,
    background: command.globals.wait === false,
    rollback: options.rollback,
    signal: options.signal,
    ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
  });
}

function removable(node: OperationNode): OperationNode {
  if (node.type !== 'server.create') return node;
  return { ...node, input: { ...(node.input as object), remove_failed: true } };
}

/**
 * In order and in this process, as each server may ask for a password (05 §6). The first without one stops the run;
 * what is done stays.
 */
async function oneByOne(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  plan: ServerCreationPlan,
  hosts: readonly PlannedServer[],
  options: CreationRun,
): Promise<Execution> {
  const surroundings = surroundingsOf(command.runtime);
  const how = {
    home: surroundings.home,
    platform: surroundings.platform,
    env: surroundings.env,
    interactive: canPrompt(command.runtime),
    say: (kind: MarkKind | 'plain', text: string) =>
      command.out.progress(kind === 'plain' ? text : `${command.out.errorStyle.mark(kind)} ${text}`),
    signal: options.signal,
  };
  await announceSudo(how);
  let execution: Execution | undefined;
  for (const node of plan.graph) {
    execution = await carryOut(command, session, [node], options);
    if (!hosts.some(({ server }) => server.hostname === node.name)) continue;
    if (await fixLocalHost(await localHost(session, node.name), how)) continue;
    throw new ProvisioningError({
      code: 'LOCAL_HOSTS_CANCELLED',
      message: `Stopped after ${node.name}: no password was given for /etc/hosts`,
      hint: "Run 'sudo -v' first, or create the rest with --no-fix-local-hosts.",
    });
  }
  return execution!;
}

async function localHost(session: InfrastructureSession, hostname: string): Promise<LocalHost> {
  const record = (await new StateFile(infraPath(session.context)).read()).servers[hostname];
  const ip = record === undefined ? null : addressOf(record.ip_addresses);
  return {
    ...planned(hostname, record?.ssh?.user),
    ...(ip === null ? {} : { ip }),
    port: record?.ssh?.port ?? 22,
  };
}

function planned(hostname: string, user: string | undefined): LocalHost {
  return { hostname, ip: '<address>', user: user ?? 'root', port: 22 };
}

/** What was made, with addresses (05 §9.2). */
async function report(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  open: readonly PlannedServer[],
  execution: Execution,
  elapsed: number,
): Promise<void> {
  const { out } = command;
  const changes = open.map((one) => ({
    kind: 'server' as const,
    name: one.server.hostname,
    action: one.action === 'replace' ? ('replace' as const) : ('create' as const),
    reasons: [serverLine(one)],
  }));
  const answer = operationAnswer('server.create', changes, execution);
  if (execution.state !== 'completed') {
    await out.result(answer, () => []);
    return;
  }
  const { servers } = await new StateFile(infraPath(session.context)).read();
  const ok = out.style.mark('ok');
  await out.result(answer, () => {
    const rows = open.map(({ server: { hostname } }) => ({
      hostname,
      ip: addressOf(servers[hostname]?.ip_addresses ?? {}) ?? 'no address',
      user: servers[hostname]?.ssh?.user ?? 'root',
      status: servers[hostname]?.status ?? 'unknown',
    }));
    const [only] = rows;
    if (rows.length === 1 && only !== undefined)
      return [
        `${ok} Server created successfully`,
        `${ok} IP Address: ${only.ip}`,
        `${ok} SSH access: ssh ${only.user}@${only.ip}`,
      ];
    const bullet = out.style.colour ? '•' : '-';
    const time = ` in ${Math.max(1, Math.round(elapsed / 1000))} seconds`;
    return [
      `${ok} Created ${counted(rows.length, 'server')}${session.infrastructure.settings.runset.use_time ? time : ''}`,
      'Servers:',
      ...rows.map(({ hostname, ip, status }) => `  ${bullet} ${hostname}: ${ip} (${capital(status)})`),
    ];
  });
  await command.next('provisioning server list', 'provisioning deploy installs the services');
}

function capital(word: string): string {
  return `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`;
}
