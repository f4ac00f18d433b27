import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Zone } from '@provisioning/extensions-sdk';
import { chooseFromPlans } from './fitting-plan.ts';
import { costOf, totalCost } from './price.ts';
import { matchesRegion } from './regions.ts';
import { type ProviderFacts, type StrategyDemand, suggestDeploymentStrategy } from './suggest.ts';

function facts(
  name: string,
  zones: readonly string[],
  hourly: number,
  certifications: readonly string[] = [],
): ProviderFacts {
  return {
    name,
    capabilities: { server_management: true, firewall: true, compliance_certifications: certifications },
    zones: zones.map((zone) => ({ name: zone, region: zone, country: zone.slice(0, 2), available: true })),
    plans: [
      { name: 'small', cores: 2, memory_mb: 4096, description: '', zones, hourly, architecture: 'x86_64' },
      {
        name: 'large',
        cores: 8,
        memory_mb: 16384,
        description: '',
        zones,
        hourly: hourly * 4,
        architecture: 'x86_64',
      },
    ],
    prices: zones.map((zone) => ({ plan: 'small', zone, currency: 'EUR', hourly, monthly: hourly * 730 })),
    latency_ms: 100,
  };
}

const demand: StrategyDemand = {
  regions: [],
  high_availability: false,
  cost_optimization: false,
  capabilities: [],
  compliance: [],
  servers: ['a-01', 'a-02', 'a-03'].map((hostname) => ({ hostname, cores: 2, memory: 4096 })),
};
const eu = facts('eu-cloud', ['de-fra1', 'de-fra2', 'fi-hel1'], 0.01, ['ISO27001']);
const world = facts('world-cloud', ['de-one', 'us-east', 'us-west'], 0.02, ['ISO27001', 'SOC2']);

test('06.A17 two regions with high availability: servers over two zones or more', () => {
  const strategy = suggestDeploymentStrategy({ ...demand, regions: ['de', 'us'], high_availability: true }, [
    eu,
    world,
  ]);
  expect(strategy.recommendations[0]?.provider).toBe('world-cloud');
  expect(new Set(Object.values(strategy.placement).map(({ zone }) => zone)).size).toBeGreaterThanOrEqual(2);
  expect(new Set(Object.values(strategy.placement).map(({ provider }) => provider))).toEqual(
    new Set(['world-cloud']),
  );
  expect(JSON.parse(JSON.stringify(strategy))).toEqual(strategy);
});

test('06.A17 a certification nobody has leaves nothing, and says why', () => {
  const strategy = suggestDeploymentStrategy({ ...demand, compliance: ['FedRAMP'] }, [eu, world]);
  expect(strategy.recommendations).toEqual([]);
  expect(strategy.placement).toEqual({});
  expect(strategy.warnings).toEqual(['eu-cloud lacks FedRAMP', 'world-cloud lacks FedRAMP']);
});

test('two providers only when one cannot cover the regions', () => {
  const us = facts('us-cloud', ['us-east', 'us-west'], 0.01);
  const strategy = suggestDeploymentStrategy({ ...demand, regions: ['fi', 'us'], high_availability: true }, [
    eu,
    us,
  ]);
  expect(new Set(Object.values(strategy.placement).map(({ provider }) => provider))).toEqual(
    new Set(['eu-cloud', 'us-cloud']),
  );
});

test('cost optimisation prefers the cheaper one', () => {
  const near = { ...facts('near', ['de-a', 'de-b'], 0.05), latency_ms: 1 };
  const cheap = { ...facts('cheap', ['de-c'], 0.001), latency_ms: 900 };
  const best = (cost: boolean) =>
    suggestDeploymentStrategy({ ...demand, regions: ['de'], cost_optimization: cost }, [near, cheap])
      .recommendations[0]?.provider;
  expect(best(true)).toBe('cheap');
});

test('an even control plane is warned of', () => {
  const servers = ['c-1', 'c-2'].map((hostname) => ({
    hostname,
    cores: 2,
    memory: 4096,
    control_plane: true,
  }));
  const strategy = suggestDeploymentStrategy({ ...demand, servers, high_availability: true }, [eu]);
  expect(strategy.warnings.join()).toContain('2 control-plane servers');
});

test('whatever is asked, the same answer comes twice, scores stay within 0 and 100, placement uses recommended zones', () => {
  const zone = fc.constantFrom('de-a', 'de-b', 'us-a', 'fi-a', 'sg-a');
  const provider = fc.record({
    name: fc.constantFrom('p', 'q', 'r', 's'),
    zones: fc.uniqueArray(zone, { maxLength: 4 }),
    hourly: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(provider, { selector: ({ name }) => name }),
      fc.subarray(['de', 'us', 'europe', 'xx']),
      fc.boolean(),
      fc.boolean(),
      (list, regions, ha, cost) => {
        const all = list.map(({ name, zones, hourly }) => facts(name, zones, hourly));
        const ask = { ...demand, regions, high_availability: ha, cost_optimization: cost };
        const strategy = suggestDeploymentStrategy(ask, all);
        expect(suggestDeploymentStrategy(ask, [...all].reverse()).placement).toEqual(strategy.placement);
        for (const { score } of strategy.recommendations) expect(score >= 0 && score <= 100).toBe(true);
        for (const { provider: name, zone: place } of Object.values(strategy.placement)) {
          expect(strategy.recommendations.find((entry) => entry.provider === name)?.zones).toContain(place);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  ['de-fra1', 'de', undefined, 'de'],
  ['fsn1', 'eu-central', 'de', 'europe'],
  ['us-east-1a', 'us-east-1', 'us', 'us-east'],
  ['hel1', 'eu-central', 'fi', 'fi'],
] as const)('%s is in %s', (name, region, country, wished) => {
  const zone: Zone = { name, region, available: true, ...(country === undefined ? {} : { country }) };
  expect(matchesRegion(zone, wished)).toBe(true);
  expect(matchesRegion(zone, 'oceania')).toBe(false);
});

test('06.A15 the same plan every time', () => {
  expect(chooseFromPlans(eu.plans, { cores: 2, memory: 4096 }, 'de-fra1')?.name).toBe('small');
  expect(chooseFromPlans([...eu.plans].reverse(), { cores: 3, memory: 4096 }, 'de-fra1')?.name).toBe('large');
  expect(chooseFromPlans(eu.plans, { cores: 64, memory: 1 }, 'de-fra1')).toBeUndefined();
});

test('06.A18 storage and addresses are part of the price; currencies are never mixed', () => {
  const price = {
    plan: 'medium',
    zone: 'main',
    currency: 'USD',
    hourly: 0.1,
    monthly: 73,
    storage_gb_month: 0.73,
  };
  expect(costOf(price, { storage_gb: 50 }).hourly).toBe(0.15);
  const sums = totalCost([costOf(price), costOf({ ...price, currency: 'EUR' }), costOf(price)]);
  expect(sums).toEqual([
    { hourly: 0.1, monthly: 73, currency: 'EUR' },
    { hourly: 0.2, monthly: 146, currency: 'USD' },
  ]);
});
