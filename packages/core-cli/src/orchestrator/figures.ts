import type { OrchestratorClient } from '@provisioning/client';

export interface TaskCounts {
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly pending: number;
}

/** How many workflows stand in each state. */
export async function countTasks(client: OrchestratorClient): Promise<TaskCounts> {
  const count = async (status: string): Promise<number> => (await client.list({ status, limit: 1 })).total;
  const [active, completed, failed, pending] = await Promise.all([
    count('Running'),
    count('Completed'),
    count('Failed'),
    count('Pending'),
  ]);
  return { active, completed, failed, pending };
}

/** The same from how many there are of each status. */
export function countsOf(byStatus: Readonly<Record<string, number>>): TaskCounts {
  const {
    Running: active = 0,
    Completed: completed = 0,
    Failed: failed = 0,
    Pending: pending = 0,
  } = byStatus;
  return { active, completed, failed, pending };
}

/** `2d 4h 15m`, or seconds below a minute. */
export function humanUptime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const parts = [days > 0 ? `${days}d` : '', days + hours > 0 ? `${hours}h` : '', `${minutes}m`];
  return seconds < 60 ? `${Math.floor(seconds)}s` : parts.filter((part) => part !== '').join(' ');
}
