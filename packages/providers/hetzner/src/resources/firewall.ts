import type { FirewallRule } from '@provisioning/extensions-sdk';
import { allowRulesOnly, infraTags, resourceName, serverTags } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name } from '../api.ts';
import type { ApiFirewall, ApiRule, ApiServer } from '../api-types.ts';
import { labels, serverSelector } from '../labels.ts';
import { observe } from '../server/observe.ts';
import type { Session } from '../session.ts';
import { ensureResource, removeWhenFree } from './ensure.ts';

const everywhere = ['0.0.0.0/0', '::/0'];

/** The server's own firewall, with these rules. @returns its id. */
export async function ensureFirewall(
  session: Session,
  hostname: string,
  rules: readonly FirewallRule[],
  call: CallOptions,
): Promise<number> {
  const wished = apiRules(rules);
  const { resource, created } = await ensureResource<ApiFirewall>(session, call, {
    path: '/firewalls',
    list: 'firewalls',
    item: 'firewall',
    selector: serverSelector(session.context, hostname),
    body: {
      name: resourceName([session.context.infra, hostname]),
      labels: labels(serverTags(session.context, hostname)),
      rules: wished,
    },
  });
  if (!created) {
    await session.api.act(
      `/firewalls/${resource.id}/actions/set_rules`,
      { rules: wished },
      { ...call, repeatable: true },
    );
  }
  return resource.id;
}

/** Gives a server these rules; without any its firewall goes. */
export async function setFirewall(
  session: Session,
  server: ApiServer,
  rules: readonly FirewallRule[],
  call: CallOptions,
): Promise<void> {
  const { hostname } = observe(server);
  const applyTo = [{ type: 'server', server: { id: server.id } }];
  if (rules.length === 0) {
    for (const firewall of await firewalls(session, hostname, call)) {
      const path = `/firewalls/${firewall.id}/actions/remove_from_resources`;
      if (applied(server, firewall)) await session.api.act(path, { remove_from: applyTo }, call);
    }
    await deleteFirewall(session, hostname, call);
    return;
  }
  const id = await ensureFirewall(session, hostname, rules, call);
  if (server.public_net.firewalls?.some((entry) => entry.id === id) !== true) {
    await session.api.act(`/firewalls/${id}/actions/apply_to_resources`, { apply_to: applyTo }, call);
  }
}

export async function getFirewall(
  session: Session,
  hostname: string,
  call: CallOptions,
): Promise<FirewallRule[]> {
  return (await firewalls(session, hostname, call)).flatMap(({ rules }) => rules.flatMap(ourRules));
}

export async function deleteFirewall(session: Session, hostname: string, call: CallOptions): Promise<void> {
  for (const { id } of await firewalls(session, hostname, call)) {
    await removeWhenFree(session, `/firewalls/${id}`, call);
  }
}

function firewalls(session: Session, hostname: string, call: CallOptions): Promise<ApiFirewall[]> {
  return session.api.list<ApiFirewall>('/firewalls', 'firewalls', call, {
    label_selector: serverSelector(session.context, hostname),
  });
}

function applied(server: ApiServer, firewall: ApiFirewall): boolean {
  return server.public_net.firewalls?.some(({ id }) => id === firewall.id) === true;
}

export function apiRules(rules: readonly FirewallRule[]): ApiRule[] {
  return allowRulesOnly(name, rules).map((rule) => {
    const inward = rule.direction === 'ingress';
    const from = rule.source === '' || rule.source === '0.0.0.0/0' ? everywhere : [network(rule.source)];
    const to = rule.destination === undefined ? everywhere : [network(rule.destination)];
    return {
      direction: inward ? 'in' : 'out',
      protocol: rule.protocol,
      ...(rule.protocol === 'icmp' ? {} : { port: rule.port === '*' ? '1-65535' : String(rule.port) }),
      ...(inward ? { source_ips: from } : { destination_ips: to }),
      ...(rule.description === undefined ? {} : { description: rule.description.slice(0, 255) }),
    };
  });
}

function network(address: string): string {
  return address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`;
}

function ourRules(rule: ApiRule): FirewallRule[] {
  const inward = rule.direction === 'in';
  const peers = (inward ? rule.source_ips : rule.destination_ips) ?? [];
  if (rule.protocol === 'esp' || rule.protocol === 'gre') return [];
  const { protocol } = rule;
  const shown = peers.includes('0.0.0.0/0') ? ['0.0.0.0/0'] : peers;
  return shown.map((peer) => ({
    direction: inward ? 'ingress' : 'egress',
    protocol,
    port:
      rule.port == null || rule.port === '1-65535'
        ? '*'
        : /^\d+$/.test(rule.port)
          ? Number(rule.port)
          : rule.port,
    source: inward ? peer : '0.0.0.0/0',
    ...(inward ? {} : { destination: peer }),
    action: 'allow',
    ...(rule.description == null ? {} : { description: rule.description }),
  }));
}

/** Tags of everything in the infrastructure, as the API stores them. */
export function infraLabels(session: Session): Record<string, string> {
  return labels(infraTags(session.context));
}
