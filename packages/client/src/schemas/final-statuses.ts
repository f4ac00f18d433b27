import type { TaskStatus } from './status.ts';

/** Statuses after which nothing changes by itself. */
export const finalStatuses: ReadonlySet<TaskStatus> = new Set(['Completed', 'Failed', 'Cancelled']);
