import { expect, test } from '@jest/globals';
import { Scheduler, type Ticket } from './scheduler.ts';

const minute = 60_000;

function ticket(op: number, priority: number, since: number): Ticket {
  return {
    ...{
      workflow: `w-${op}`,
      op,
      undo: false,
      type: 'test',
      priority,
      weight: 0,
      parallelLimit: 5,
      locks: [],
    },
    ...{ provider: undefined, cpuCores: 0, since },
  };
}

function scheduler(strategy: 'priority' | 'dependency_first' | 'fifo'): Scheduler {
  return new Scheduler({
    ...{ strategy, maxConcurrent: 1, maxCpuCores: 0, enablePreemption: false, providerLimits: {} },
  });
}

/** One slot that is never free: a new task of priority 50 is there whenever it is given away, one a minute. */
function minutesUntilItStarts(strategy: 'priority' | 'dependency_first' | 'fifo', priority: number): number {
  const queue = scheduler(strategy);
  queue.add(ticket(0, priority, 0));
  let op = 1;
  for (let now = 0; now <= 200 * minute; now += minute) {
    queue.add(ticket(op++, 50, now));
    const started = queue.next(now, () => true)!;
    if (started.op === 0) return now / minute;
    queue.release(started.workflow, started.op, false);
  }
  return Infinity;
}

test('12.A18 a task of priority 1 in a steady stream of 50s starts within 50 minutes of ageing', () => {
  expect(minutesUntilItStarts('dependency_first', 1)).toBe(49);
  expect(minutesUntilItStarts('priority', 1)).toBe(49);
  expect(minutesUntilItStarts('priority', 40)).toBe(10);
  // Nothing ages where age alone decides.
  expect(minutesUntilItStarts('fifo', 1)).toBe(0);
});

test('waiting gains at most 50: what is urgent stays first', () => {
  const queue = scheduler('priority');
  queue.add(ticket(0, 25, 0));
  queue.add(ticket(1, 80, 500 * minute));
  expect(queue.next(500 * minute, () => true)?.op).toBe(1);
});

test('a clock that jumps back neither breaks the order nor ages anything', () => {
  const queue = scheduler('priority');
  queue.add(ticket(0, 50, 100 * minute));
  queue.add(ticket(1, 60, 100 * minute));
  expect(queue.next(40 * minute, () => true)?.op).toBe(1);
});

test('13 §3 what waits is told by priority and by kind', () => {
  const queue = scheduler('priority');
  queue.add(ticket(0, 50, 0));
  queue.add({ ...ticket(1, 50, 0), type: 'server.create' });
  queue.add({ ...ticket(2, 80, 0), type: 'server.create' });
  expect(queue.describe(1000)).toMatchObject({
    ...{ oldest_wait_seconds: 1, by_priority: { 50: 2, 80: 1 }, by_type: { test: 1, 'server.create': 2 } },
  });
  // What runs does not wait.
  expect(queue.next(1000, () => true)?.op).toBe(2);
  expect(queue.describe(1000).by_type).toEqual({ test: 1, 'server.create': 1 });
});
