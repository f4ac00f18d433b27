import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Job, queueName } from './messages.ts';

/** The queue of attempts in Redis. */
export function openQueue(connection: Redis): Queue {
  return new Queue(queueName, { connection: connection as never, skipVersionCheck: true });
}

/** Puts attempts into the queue, in one round trip. */
export async function enqueue(queue: Queue, jobs: readonly Job[]): Promise<void> {
  const opts = { removeOnComplete: true, removeOnFail: true };
  await queue.addBulk(jobs.map((data) => ({ name: 'attempt', data, opts })));
}
