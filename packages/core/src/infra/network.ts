import { type Issue, Network, applyDefaults } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import { isElsewhere } from '../traffic/shares.ts';

const shortForms = ['public', 'private', 'database', 'management'] as const;

/**
 * The network with the short subnet form expanded, groups among the servers of load balancers as their members, and
 * defaults filled (05 §4.5).
 */
export function completeNetwork(
  network: Data,
  infra: string,
  servers: readonly Data[] = [],
  groups: Readonly<Record<string, number>> = {},
): Data {
  const result: Data = { ...network };
  if (isRecord(result['subnets'])) result['subnets'] = expandSubnets(result['subnets']);
  if (isRecord(result['vpc'])) result['vpc'] = { name: infra, ...result['vpc'] };
  const copy = structuredClone(result);
  applyDefaults(Network, copy);
  for (const balancer of (copy['load_balancers'] ?? []) as Data[]) {
    if (!Array.isArray(balancer['targets'])) continue;
    balancer['targets'] = (balancer['targets'] as unknown[]).flatMap((target) => {
      const members = servers.filter(({ group }) => group === target);
      // A group without members is no name of a server.
      return members.length === 0 && !Object.hasOwn(groups, String(target))
        ? [target]
        : members.map(({ hostname }) => hostname);
    });
  }
  return copy;
}

/** `{public = ["10.0.1.0/24"]}` as `public-1`. */
function expandSubnets(short: Data): Data[] {
  const subnets: Data[] = [];
  for (const kind of shortForms) {
    const list = short[kind];
    if (!Array.isArray(list)) continue;
    list.forEach((cidr: unknown, index) =>
      subnets.push({ name: `${kind}-${index + 1}`, cidr, public: kind === 'public' }),
    );
  }
  return subnets;
}

export type ReportAt = (path: readonly (string | number)[], message: string, code: string) => void;

interface NetworkShape {
  readonly vpc?: { readonly cidr: string };
  readonly subnets?: readonly { readonly name: string; readonly cidr: string }[];
  readonly security_groups?: readonly { readonly name: string; readonly rules?: readonly unknown[] }[];
  readonly load_balancers?: readonly {
    readonly name: string;
    readonly targets: readonly string[];
    readonly subnets: readonly string[];
  }[];
}

/** CIDRs valid, subnets inside the VPC and disjoint, names unique, targets known (05 §4.5). */
export function checkNetwork(network: Data, hostnames: ReadonlySet<string>, report: ReportAt): void {
  const {
    vpc,
    subnets = [],
    security_groups: groups = [],
    load_balancers: balancers = [],
  } = network as NetworkShape;
  const outer = vpc === undefined ? undefined : parseCidr(vpc.cidr);
  if (vpc !== undefined && outer === undefined)
    report(['vpc', 'cidr'], `Invalid CIDR: '${vpc.cidr}'`, 'INVALID_CIDR');
  const ranges: { readonly name: string; readonly range: CidrRange }[] = [];
  subnets.forEach(({ name, cidr }, index) => {
    const range = parseCidr(cidr);
    const at = ['subnets', index, 'cidr'] as const;
    if (range === undefined) {
      report(at, `Invalid CIDR: '${cidr}'`, 'INVALID_CIDR');
      return;
    }
    if (outer !== undefined && (range.first < outer.first || range.last > outer.last)) {
      report(at, `Subnet '${name}' (${cidr}) is outside the VPC ${vpc?.cidr ?? ''}`, 'SUBNET_OUTSIDE_VPC');
    }
    const overlap = ranges.find(
      (other) => range.first <= other.range.last && other.range.first <= range.last,
    );
    if (overlap !== undefined)
      report(at, `Subnet '${name}' (${cidr}) overlaps with '${overlap.name}'`, 'SUBNET_OVERLAP');
    ranges.push({ name, range });
  });
  for (const [key, list] of [
    ['subnets', subnets],
    ['security_groups', groups],
    ['load_balancers', balancers],
  ] as const) {
    const seen = new Set<string>();
    list.forEach(({ name }, index) => {
      if (seen.has(name))
        report([key, index, 'name'], `Duplicate name in network.${key}: ${name}`, 'DUPLICATE_NAME');
      seen.add(name);
    });
  }
  const subnetNames = new Set(subnets.map(({ name }) => name));
  balancers.forEach((balancer, index) => {
    balancer.targets.forEach((target, at) => {
      if (!hostnames.has(target) && !isElsewhere(target))
        report(['load_balancers', index, 'targets', at], `Unknown server: ${target}`, 'UNKNOWN_SERVER');
    });
    balancer.subnets.forEach((subnet, at) => {
      if (!subnetNames.has(subnet))
        report(['load_balancers', index, 'subnets', at], `Unknown subnet: ${subnet}`, 'UNKNOWN_SUBNET');
    });
  });
}

export interface CidrRange {
  readonly first: number;
  readonly last: number;
}

/** The addresses of an IPv4 block; `undefined` when it is none or has bits set outside its prefix. */
export function parseCidr(text: string): CidrRange | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255 || prefix > 32) return undefined;
  const first = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1 } : undefined;
}

/** Gives servers the rules of their security groups, after their own (05 §4.1, §4.5). */
export function applySecurityGroups(servers: readonly Data[], network: Data, report: ReportAt): void {
  const groups = new Map(
    ((network as NetworkShape).security_groups ?? []).map(({ name, rules = [] }) => [name, rules]),
  );
  // Without groups of its own an infrastructure may name those that its provider has.
  if (groups.size === 0) return;
  for (const server of servers) {
    for (const name of (server['security_groups'] ?? []) as string[]) {
      const rules = groups.get(name);
      if (rules !== undefined)
        server['firewall_rules'] = [...(server['firewall_rules'] as unknown[]), ...rules];
      else
        report(
          ['security_groups'],
          `Unknown security group of ${String(server['hostname'])}: ${name}`,
          'UNKNOWN_SECURITY_GROUP',
        );
    }
  }
}

/** Rules that would cut SSH off: a warning, never silent (05 §4.4). */
export function firewallWarnings(servers: readonly Data[]): string[] {
  const warnings: string[] = [];
  for (const server of servers) {
    const rules = server['firewall_rules'];
    const port = Number(server['user_ssh_port'] ?? 22);
    if (!Array.isArray(rules) || !rules.some((rule: Data) => rule['direction'] !== 'egress')) continue;
    if ((server['allowed_ports'] as number[] | undefined)?.includes(port) === true) continue;
    const first = rules.find(
      (rule: Data) =>
        rule['direction'] !== 'egress' &&
        rule['protocol'] !== 'udp' &&
        rule['protocol'] !== 'icmp' &&
        coversPort(rule['port'], port),
    ) as Data | undefined;
    if (first === undefined || first['action'] === 'deny') {
      warnings.push(
        `The firewall rules of ${String(server['hostname'])} block its SSH port ${port}; it could not be reached any more`,
      );
    }
  }
  return warnings;
}

function coversPort(rule: unknown, port: number): boolean {
  if (typeof rule === 'number') return rule === port;
  if (rule === '*') return true;
  const [from, to] = String(rule).split('-').map(Number);
  return from !== undefined && port >= from && port <= (to ?? from);
}

/** Findings of a definition's network as issues at its keys. */
export function networkIssues(
  network: Data,
  hostnames: ReadonlySet<string>,
  issueAt: (path: readonly (string | number)[], message: string, code: string) => Issue,
  issues: Issue[],
): void {
  checkNetwork(network, hostnames, (path, message, code) =>
    issues.push(issueAt(['network', ...path], message, code)),
  );
}
