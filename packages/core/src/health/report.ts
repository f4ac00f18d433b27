import type { HealthItem } from '../operations/server/health.ts';

/** One line of `health check` (24 §3). */
export interface HealthCheck {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'error';
  readonly message: string;
}

/** What `health` prints for programs (05 §9.8). */
export interface HealthReport {
  readonly healthy: boolean;
  readonly servers: readonly HealthItem[];
  readonly taskservs: readonly HealthItem[];
  readonly clusters: readonly HealthItem[];
  readonly platform: readonly HealthItem[];
  readonly checks: readonly HealthCheck[];
  readonly checked_at: string;
}

export type HealthArea = 'servers' | 'taskservs' | 'clusters';

/** `1/1 healthy`; what is not healthy is named. */
export function countCheck(name: string, word: string, items: readonly HealthItem[]): HealthCheck {
  const bad = items.filter(({ healthy }) => !healthy);
  const count = `${items.length - bad.length}/${items.length} ${word}`;
  if (bad.length === 0) return { name, status: 'ok', message: count };
  return {
    name,
    status: 'error',
    message: `${count} (${bad.map(({ name: one, reason }) => `${one}: ${reason ?? 'not healthy'}`).join('; ')})`,
  };
}

export function problems(report: Omit<HealthReport, 'healthy'>): number {
  const items = [...report.servers, ...report.taskservs, ...report.clusters, ...report.platform];
  const counted = new Set(['Servers', 'Task Services', 'Clusters', 'Platform Services']);
  const others = report.checks.filter(({ name, status }) => status === 'error' && !counted.has(name));
  return items.filter(({ healthy }) => !healthy).length + others.length;
}
