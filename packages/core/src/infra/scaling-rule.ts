import { type AutoScaling, ProvisioningError } from '@provisioning/extensions-sdk';
import { durationOf, type ScalingRule } from './autoscale.ts';
import type { Infrastructure } from './infrastructure.ts';

/** The rule of a group of servers, and which group it is. */
export interface GroupScaling extends ScalingRule {
  readonly group: string;
}

/**
 * How the servers of an infrastructure scale by themselves (05 §5.3); nothing unless its definition says so and
 * `scaling.auto_scaling_enabled` is on, which it is not by default.
 * @throws ProvisioningError `AUTO_SCALING_INVALID` (exit 3)
 */
export function groupScaling(
  infrastructure: Pick<Infrastructure, 'auto_scaling' | 'groups'>,
  config: (path: string) => unknown,
): GroupScaling | undefined {
  const { servers } = infrastructure.auto_scaling as AutoScaling;
  if (servers === undefined || config('scaling.auto_scaling_enabled') !== true) return undefined;
  const groups = Object.keys(infrastructure.groups ?? {});
  const group = servers.group ?? (groups.length === 1 ? groups[0] : undefined);
  if (group === undefined || !groups.includes(group))
    throw invalid(
      `auto_scaling.servers.group: ${servers.group ?? 'missing'}`,
      `Groups: ${groups.join(', ') || 'none; a server with count = N is a group'}`,
    );
  const bound = (path: string, own: number): number => {
    const value = config(path);
    return typeof value === 'number' ? value : own;
  };
  const duration = (text: string): number => {
    const milliseconds = durationOf(text);
    if (milliseconds !== undefined) return milliseconds;
    throw invalid(`auto_scaling.servers: '${text}' is no duration`, 'For example 5m');
  };
  return {
    group,
    min: bound('scaling.min_instances', servers.min_count),
    max: bound('scaling.max_instances', servers.max_count),
    targets: { cpu: servers.cpu_threshold, memory: servers.memory_threshold },
    upCooldown: duration(servers.scale_up_cooldown),
    downCooldown: duration(servers.scale_down_cooldown),
    proportional: false,
  };
}

function invalid(message: string, hint: string): ProvisioningError {
  return new ProvisioningError({ code: 'AUTO_SCALING_INVALID', kind: 'configuration', message, hint });
}
