import type { ServerSpec } from '../provider.ts';
import { ProviderError } from '../provider-error.ts';
import type { FirewallRule } from '../schemas/server.ts';

/**
 * The rules of a server: its own, then one for each allowed port (05 §4.4). Ports alone never cut the way in: the SSH
 * port is added to them. No rule at all means no firewall.
 */
export function firewallRules(
  spec: Pick<ServerSpec, 'firewall_rules' | 'allowed_ports' | 'user_ssh_port'>,
): FirewallRule[] {
  const rules = [...(spec.firewall_rules ?? [])];
  const ports = [...spec.allowed_ports];
  const ssh = spec.user_ssh_port ?? 22;
  if (ports.length > 0 && !ports.includes(ssh)) ports.unshift(ssh);
  return [...rules, ...ports.map(allow)];
}

/** The rules that a change of a server asks for, `undefined` when it says nothing of them. */
export function changedRules(patch: Partial<ServerSpec>): FirewallRule[] | undefined {
  const { firewall_rules, allowed_ports, user_ssh_port } = patch;
  if (firewall_rules === undefined && allowed_ports === undefined) return undefined;
  return firewallRules({ firewall_rules, allowed_ports: allowed_ports ?? [], user_ssh_port });
}

function allow(port: number): FirewallRule {
  return { direction: 'ingress', protocol: 'tcp', port, source: '0.0.0.0/0', action: 'allow' };
}

/** Whether rules leave no way in over SSH; worth a warning, not a refusal (05 §4.4). */
export function cutsSsh(rules: readonly FirewallRule[], port = 22): boolean {
  const ingress = rules.filter(({ direction }) => direction === 'ingress');
  if (ingress.length === 0) return false;
  const first = ingress.find((rule) => rule.protocol === 'tcp' && covers(rule.port, port));
  return first === undefined || first.action === 'deny';
}

function covers(range: FirewallRule['port'], port: number): boolean {
  if (range === '*') return true;
  const [from = 0, to = from] = String(range).split('-').map(Number);
  return from <= port && port <= to;
}

/**
 * Rules for a service that only knows "allow" and denies the rest. A deny at the end that covers everything says the
 * same and falls away; any other can't be expressed.
 * @throws ProviderError `unsupported`.
 */
export function allowRulesOnly(provider: string, rules: readonly FirewallRule[]): FirewallRule[] {
  const last = rules.findLastIndex(({ action }) => action === 'allow');
  const early = rules.slice(0, last + 1).find(({ action }) => action === 'deny');
  const narrow = rules.slice(last + 1).find(({ direction }) => direction === 'egress');
  const rule = early ?? narrow;
  if (rule === undefined) return rules.filter(({ action }) => action === 'allow');
  throw new ProviderError({
    provider,
    operation: 'configureFirewall',
    code: 'unsupported',
    message: `Provider '${provider}' does not support firewall rules that deny: ${rule.direction} ${rule.protocol} ${rule.port}`,
    help: 'List what is allowed; everything else is denied.',
  });
}
