import type { Task } from './schemas/records.ts';

export interface BatchStatuses {
  readonly statuses: Readonly<Record<string, Task>>;
  readonly errors: Readonly<Record<string, Error>>;
}

/** Reads many tasks, so many at a time. */
export async function batchGet(
  ids: readonly string[],
  concurrency: number,
  read: (id: string) => Promise<Task>,
): Promise<BatchStatuses> {
  const statuses: Record<string, Task> = {};
  const errors: Record<string, Error> = {};
  const open = [...new Set(ids)];
  const work = async (): Promise<void> => {
    for (let id = open.shift(); id !== undefined; id = open.shift()) {
      try {
        statuses[id] = await read(id);
      } catch (error) {
        errors[id] = error as Error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, concurrency), open.length) }, work));
  return { statuses, errors };
}
