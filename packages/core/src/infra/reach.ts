import type { FirewallRule, Server } from '@provisioning/extensions-sdk';
import { parseCidr } from './network.ts';

/** Whether rules let a connection in, and the rule that decided. */
export interface Verdict {
  readonly allowed: boolean;
  /** Position of the deciding rule, 1 for the first; absent when none fits. */
  readonly rule?: number;
}

/**
 * What the rules of a server say of a TCP connection to a port (05 §4.4): the first that fits decides; without any rule
 * all is open, with some the rest is closed. Ports that are allowed count after the rules.
 */
export function verdictOf(
  { firewall_rules: rules, allowed_ports: ports }: Pick<Server, 'firewall_rules' | 'allowed_ports'>,
  port: number,
  source: string | undefined,
): Verdict {
  const fits = (rule: FirewallRule): boolean =>
    rule.direction === 'ingress' &&
    rule.protocol === 'tcp' &&
    covers(rule.port, port) &&
    (source === undefined || contains(rule.source, source));
  const index = rules.findIndex(fits);
  if (index >= 0) return { allowed: rules[index]!.action === 'allow', rule: index + 1 };
  const guarded = ports.length > 0 || rules.some(({ direction }) => direction === 'ingress');
  return { allowed: !guarded || ports.includes(port) || (ports.length > 0 && port === 22) };
}

function covers(range: FirewallRule['port'], port: number): boolean {
  if (range === '*') return true;
  const [from = 0, to = from] = String(range).split('-').map(Number);
  return from <= port && port <= to;
}

function contains(block: string, address: string): boolean {
  const range = parseCidr(block.includes('/') ? block : `${block}/32`);
  const point = parseCidr(`${address}/32`);
  if (range === undefined || point === undefined) return false;
  return point.first >= range.first && point.last <= range.last;
}
