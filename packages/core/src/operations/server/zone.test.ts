import { expect, test } from '@jest/globals';
import type { Context, Plan, ProviderInstance } from '@provisioning/extensions-sdk';
import { definedServer } from '@provisioning/extensions-sdk/testing';
import { chooseZone } from './zone.ts';

const plan: Plan = {
  name: 's-2',
  cores: 2,
  memory_mb: 4096,
  description: '',
  zones: ['fra', 'ams', 'nyc', 'off'],
  hourly: 0.05,
  architecture: 'x86_64',
};
const server = definedServer({ hostname: 'web-01', provider: 'acme' });

function world(
  used: Readonly<Record<string, string>>,
  config: Readonly<Record<string, unknown>> = {},
  prices: Readonly<Record<string, number>> | Error = {},
) {
  const context = { config: (key: string) => config[key] } as unknown as Context;
  const provider = {
    listZones: async () =>
      ['nyc', 'off', 'sgp', 'fra', 'ams'].map((name) => ({ name, region: name, available: name !== 'off' })),
    listServers: async () => Object.entries(used).map(([hostname, zone]) => ({ hostname, zone })),
    getPricing: async () => {
      if (prices instanceof Error) throw prices;
      return Object.entries(prices).map(([zone, hourly]) => ({
        plan: 's-2',
        zone,
        hourly,
        monthly: 0,
        currency: 'EUR',
      }));
    },
  } as unknown as ProviderInstance;
  return (changes: Partial<typeof server> = {}, wanted: Plan | undefined = plan) =>
    chooseZone(context, provider, { ...server, ...changes } as typeof server, wanted);
}

test('06.A15 zone auto: fewest servers, then the price, then the name; the same every time', async () => {
  expect(await world({})()).toBe('ams');
  expect(await world({}, {}, { ams: 0.06, fra: 0.05, nyc: 0.05 })()).toBe('fra');
  expect(await world({ 'db-01': 'ams', 'db-02': 'fra' })()).toBe('nyc');
  const choose = world({ 'db-01': 'ams', 'db-02': 'fra', 'db-03': 'nyc' }, {}, { ams: 3, fra: 2, nyc: 1 });
  expect(await Promise.all([choose(), choose(), choose()])).toEqual(['nyc', 'nyc', 'nyc']);
  // What is there already under its own name does not push it elsewhere.
  expect(await world({ 'web-01': 'ams' })()).toBe('ams');
});

test('the configured default comes first, then the allowed zones; a price list that fails decides nothing', async () => {
  expect(await world({}, { 'providers.acme.default_zone': 'sgp' })()).toBe('sgp');
  expect(await world({}, { 'providers.acme.zones': ['nyc', 'off'] })()).toBe('nyc');
  expect(await world({}, {}, new Error('no prices'))()).toBe('ams');
});

test('no fitting zone, or one that does not exist, is refused with those there are', async () => {
  await expect(world({}, { 'providers.acme.zones': ['sgp'] })()).rejects.toMatchObject({
    exitCode: 3,
    message: 'No zone of acme that is allowed and available offers s-2 (server web-01)',
  });
  await expect(world({})({ zone: 'mars' })).rejects.toThrow('Invalid zone: mars (server web-01)');
});
