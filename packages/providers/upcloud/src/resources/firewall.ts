import type { FirewallRule } from '@provisioning/extensions-sdk';
import type { CallOptions } from '../api.ts';
import type { ApiFirewallRule } from '../api-types.ts';
import type { Session } from '../session.ts';
import { addressRange, rangeText } from './address-range.ts';

/** Gives a server exactly these rules, in order; the rest of what comes in is dropped. None turns the firewall off. */
export async function setFirewall(
  session: Session,
  uuid: string,
  rules: readonly FirewallRule[],
  call: CallOptions,
): Promise<void> {
  const { api } = session;
  const wished =
    rules.length === 0 ? [] : [...rules.flatMap(apiRules), { direction: 'in', action: 'drop' } as const];
  const body = { firewall_rules: { firewall_rule: wished } };
  await api.whenReady(() => api.put(`/server/${uuid}/firewall_rule`, body, call), call.signal);
  await api.whenReady(
    () => api.modifyServer(uuid, { firewall: rules.length === 0 ? 'off' : 'on' }, call),
    call.signal,
  );
}

export async function getFirewall(
  session: Session,
  uuid: string,
  call: CallOptions,
): Promise<FirewallRule[]> {
  const { firewall_rules: list } = await session.api.get<{
    firewall_rules: { firewall_rule: ApiFirewallRule[] };
  }>(`/server/${uuid}/firewall_rule`, call);
  return list.firewall_rule.filter(({ protocol }) => protocol !== undefined && protocol !== '').map(ourRule);
}

/** One rule of ours; open ones count for both address families. */
function apiRules(rule: FirewallRule): ApiFirewallRule[] {
  const inward = rule.direction === 'ingress';
  const peer = inward ? rule.source : (rule.destination ?? '0.0.0.0/0');
  const open = peer === '' || peer === '0.0.0.0/0' || peer === '::/0';
  const families = open ? ['IPv4', 'IPv6'] : [peer.includes(':') ? 'IPv6' : 'IPv4'];
  const [from, to = from] = rule.port === '*' ? [] : String(rule.port).split('-');
  const range = open ? undefined : addressRange(peer);
  return families.map((family) => ({
    direction: inward ? 'in' : 'out',
    action: rule.action === 'allow' ? 'accept' : 'drop',
    family,
    protocol: rule.protocol,
    ...(from === undefined || rule.protocol === 'icmp'
      ? {}
      : { destination_port_start: from, destination_port_end: to }),
    ...(range === undefined
      ? {}
      : inward
        ? { source_address_start: range.start, source_address_end: range.end }
        : { destination_address_start: range.start, destination_address_end: range.end }),
    ...(rule.description === undefined ? {} : { comment: rule.description.slice(0, 250) }),
  }));
}

function ourRule(rule: ApiFirewallRule): FirewallRule {
  const { destination_port_start: from = '', destination_port_end: to = '' } = rule;
  const source = rangeText(rule.source_address_start, rule.source_address_end);
  const destination = rangeText(rule.destination_address_start, rule.destination_address_end);
  return {
    direction: rule.direction === 'in' ? 'ingress' : 'egress',
    protocol: rule.protocol === 'udp' ? 'udp' : rule.protocol === 'icmp' ? 'icmp' : 'tcp',
    port: from === '' ? '*' : from === to ? Number(from) : `${from}-${to}`,
    source: source ?? (rule.family === 'IPv6' ? '::/0' : '0.0.0.0/0'),
    ...(destination === undefined ? {} : { destination }),
    action: rule.action === 'accept' ? 'allow' : 'deny',
    ...(rule.comment === undefined || rule.comment === '' ? {} : { description: rule.comment }),
  };
}
