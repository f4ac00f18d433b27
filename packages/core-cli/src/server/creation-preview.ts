import { costText, type PlannedServer, type ServerCreationPlan } from '@provisioning/core';
import { counted } from '../output/counted.ts';
import type { Printer } from '../output/printer.ts';

/** `dev-server-01 (2 cores, 4GB RAM, 50GB disk)` (05 §9.1). */
export function serverLine({ server, size }: PlannedServer): string {
  const memory = Number.isInteger(size.memory / 1024) ? `${size.memory / 1024}GB` : `${size.memory}MB`;
  return `Server: ${server.hostname} (${counted(size.cores, 'core')}, ${memory} RAM, ${server.disk}GB disk)`;
}

/** `12.34 EUR/month`, or `unknown` where a provider could not be asked. */
export function estimatedCost({ cost }: ServerCreationPlan): string {
  return cost.unpriced.length > 0 && cost.totals.length === 0 ? 'unknown' : costText(cost);
}

/** What `server create --check` prints (05 §9.1). */
export function previewLines(
  plan: ServerCreationPlan,
  out: Printer,
  extra: readonly string[] = [],
): readonly string[] {
  const { style } = out;
  const open = plan.servers.filter(({ action }) => action !== 'exists' && action !== 'failed');
  const rest = plan.servers.filter((planned) => !open.includes(planned));
  return [
    `${style.mark('ok')} Validation passed`,
    `${style.mark('warning')} Check mode: No changes will be made`,
    ...plan.warnings.map((warning) => `${style.mark('warning')} ${warning}`),
    ...rest.map(existing(out)),
    '',
    ...(open.length === 0 ? ['Nothing to do'] : ['Would create:', ...open.flatMap(lines)]),
    ...plan.records.filter(({ action }) => action !== 'unchanged').map(recordLine),
    ...(extra.length === 0 ? [] : ['', 'Would write:', ...extra.map((line) => `- ${line}`)]),
    ...(open.length === 0 ? [] : ['', `Estimated cost: ${estimatedCost(plan)}`]),
  ];
}

const recordKinds: Readonly<Record<string, string>> = {
  network: 'Network',
  'load-balancer': 'Load balancer',
};

/** The line of what goes with servers: networks, load balancers, DNS entries. */
function recordLine({ kind, name }: ServerCreationPlan['records'][number]): string {
  return `- ${recordKinds[kind] ?? 'DNS'}: ${name}`;
}

/** The line of a server that is left alone. */
export function existing(out: Printer): (planned: PlannedServer) => string {
  return ({ server, action }) =>
    action === 'failed'
      ? `${out.style.mark('warning')} Server ${server.hostname} is in state error; replace it with --force`
      : `${out.style.mark('info')} Server ${server.hostname} already exists`;
}

function lines(planned: PlannedServer): string[] {
  const { server, size, action } = planned;
  const taskservs = server.taskservs.filter(({ enabled }) => enabled).map(({ name }) => name);
  const network = [
    server.network?.public_ip === false ? undefined : 'public',
    server.network?.utility_ip === false ? undefined : 'utility',
    server.vpc === undefined ? undefined : `vpc ${server.vpc}`,
    server.subnet === undefined ? undefined : `subnet ${server.subnet}`,
  ].filter((part) => part !== undefined);
  return [
    `- ${serverLine(planned)}`,
    ...(action === 'finish' ? ['    finishes a creation that was interrupted'] : []),
    ...(action === 'replace' ? ['    replaces a server in state error'] : []),
    `    zone: ${server.zone}`,
    `    plan: ${size.plan === '' ? '-' : size.plan}`,
    `    network: ${network.join(', ') || '-'}`,
    `    taskservs: ${taskservs.join(', ') || '-'}`,
  ];
}

/** The same for programs (01 §8.5). */
export function previewDocument(plan: ServerCreationPlan, infra: string): unknown {
  const would = plan.servers
    .filter(({ action }) => action !== 'exists' && action !== 'failed')
    .map((planned) => ({
      verb: planned.action === 'replace' ? 'replace' : 'create',
      kind: 'server',
      name: planned.server.hostname,
      detail: serverLine(planned).replace(/^Server: /, ''),
      would_create: true,
      zone: planned.server.zone,
      plan: planned.size.plan,
      provider: planned.server.provider,
    }));
  return {
    check_mode: true,
    action: 'server.create',
    resource: 'server',
    name: infra,
    infra,
    status: 'planned',
    would,
    would_create: would.map(({ name }) => name),
    requirements: { met: true, missing: [] },
    estimated_time: '2-5 minutes',
    estimated_cost: estimatedCost(plan),
    warnings: plan.warnings,
    errors: [],
  };
}
