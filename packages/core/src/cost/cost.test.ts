import { describe, expect, test } from '@jest/globals';
import type { Server } from '@provisioning/extensions-sdk';
import fc from 'fast-check';
import { infrastructureCost, serverCost } from './estimate.ts';
import { usualLoad } from '../utilisation/index.ts';
import { expiredBackups } from '../workspace/retention.ts';
import { costBreakdown } from './breakdown.ts';

const day = 86_400_000;

describe('what the money goes to', () => {
  const server = (hostname: string, tags: Record<string, string>, labels = {}): Server =>
    ({ hostname, provider: 'upcloud', tags, labels, network: { public_ip: true }, disk: 25 }) as never;
  const price = (currency: string, monthly: number) => ({
    ...{ plan: 'p', zone: 'z', currency, hourly: monthly / 730, monthly, ip_month: 2 },
  });
  test('parts and cost centers sum up to what the servers cost, each currency apart', () => {
    const servers = [
      server('a', { cost_center: 'shop' }),
      server('b', {}, { cost_center: 'shop' }),
      server('c', {}),
    ];
    const cost = infrastructureCost([
      serverCost(servers[0]!, 'p', 'z', [price('EUR', 10)]),
      serverCost(servers[1]!, 'p', 'z', [price('USD', 20)]),
      serverCost(servers[2]!, 'none', 'z', []),
    ]);
    const { components, cost_centers, unpriced } = costBreakdown(servers, cost);
    expect(components).toEqual([
      { name: 'plan', currency: 'USD', monthly: 20 },
      { name: 'plan', currency: 'EUR', monthly: 10 },
      { name: 'public_ip', currency: 'EUR', monthly: 2 },
      { name: 'public_ip', currency: 'USD', monthly: 2 },
    ]);
    expect(cost_centers.map(({ name, currency, monthly }) => [name, currency, monthly])).toEqual([
      ['shop', 'USD', 22],
      ['shop', 'EUR', 12],
    ]);
    expect(unpriced).toEqual(['c']);
  });
});

describe('the usual load of a server', () => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  const samples = (days: number, every: number, cpu: (index: number) => number) =>
    Array.from({ length: Math.floor((days * day) / every) }, (_, index) => ({
      ...{ at: now - days * day + index * every, cpu: cpu(index), memory: 50 },
    }));
  const tenMinutes = 600_000;
  test('short bursts do not count, long ones do', () => {
    expect(
      usualLoad(
        samples(8, tenMinutes, (index) => (index % 50 === 0 ? 100 : 10)),
        7,
        now,
      ),
    ).toEqual({
      cpu: 10,
      memory: 50,
    });
    expect(
      usualLoad(
        samples(8, tenMinutes, (index) => (index % 10 === 0 ? 100 : 10)),
        7,
        now,
      )?.cpu,
    ).toBe(100);
  });
  test('days that were not watched say nothing', () => {
    expect(
      usualLoad(
        samples(3, tenMinutes, () => 1),
        7,
        now,
      ),
    ).toBeUndefined();
    expect(
      usualLoad(
        samples(8, 5 * 3_600_000, () => 1),
        7,
        now,
      ),
    ).toBeUndefined();
    expect(usualLoad([], 7, now)).toBeUndefined();
  });
});

describe('which backups are kept', () => {
  const at = (days: number) => ({
    created: new Date(Date.parse('2026-06-01T12:00:00Z') - days * day).toISOString(),
  });
  const ages = (kept: readonly { readonly created: string }[]): number[] =>
    kept.map(({ created }) => (Date.parse(at(0).created) - Date.parse(created)) / day).sort((a, b) => a - b);

  test('the newest of each day, week and month', () => {
    const all = Array.from({ length: 100 }, (_, index) => at(index));
    const gone = new Set(expiredBackups(all, { daily: 3, weekly: 2, monthly: 2 }));
    // 1 June 2026 is a Monday: the week before ends on 31 May, which is also the newest of its month.
    expect(ages(all.filter((one) => !gone.has(one)))).toEqual([0, 1, 2]);
    const more = new Set(expiredBackups(all, { daily: 1, weekly: 3, monthly: 3 }));
    expect(ages(all.filter((one) => !more.has(one)))).toEqual([0, 1, 8, 32]);
  });
  test('the newest is never removed, and keeping more kinds removes none more', () => {
    const days = fc.array(fc.integer({ min: 0, max: 800 }), { minLength: 1, maxLength: 40 });
    const count = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(days, count, count, count, (list, daily, weekly, monthly) => {
        const backups = list.map(at);
        const newest = Math.min(...list);
        const gone = expiredBackups(backups, { daily, weekly });
        expect(ages(backups.filter((one) => !gone.includes(one)))[0]).toBe(newest);
        const fewer = expiredBackups(backups, { daily, weekly, monthly });
        expect(fewer.every((one) => gone.includes(one))).toBe(true);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
