import { expect, test } from '@jest/globals';
import type { EventEnvelope, Health } from '@provisioning/client';
import { EventBus } from './bus.ts';
import { HealthWatch } from './health-watch.ts';

test('health is told every interval, and at once when it has changed', async () => {
  const bus = new EventBus();
  const events: EventEnvelope[] = [];
  bus.subscribe({ receive: (event) => events.push(event) });
  const health = { status: 'healthy', components: { storage: { status: 'healthy' } } } as unknown as Health;
  let status: Health['status'] = 'healthy';
  const changes: string[] = [];
  const watch = new HealthWatch({
    bus,
    health: async () => ({ ...health, status }),
    metrics: async () => ({ cpu_usage: 1 }),
    onChange: (before, now) => changes.push(`${before} to ${now.status}`),
  });
  try {
    await watch.check(100_000);
    await watch.check(110_000);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      event_type: 'SystemHealthUpdate',
      data: { overall_status: 'healthy', metrics: { cpu_usage: 1 } },
      metadata: { check_interval: 30 },
    });
    status = 'degraded';
    await watch.check(115_000);
    expect(events).toHaveLength(2);
    expect(changes).toEqual(['healthy to degraded']);
    await watch.check(146_000);
    expect(events).toHaveLength(3);
  } finally {
    watch.stop();
  }
});
