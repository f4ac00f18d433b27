import { expect, test } from '@jest/globals';
import type { ObservedServer, Plan, Server } from '@provisioning/extensions-sdk';
import { serverChange } from './difference.ts';
import { chooseSize } from './specification.ts';

const plans: readonly Plan[] = [
  {
    name: 'c-large',
    cores: 4,
    memory_mb: 8192,
    disk_gb: 80,
    hourly: 0.04,
    description: '',
    zones: ['a'],
    architecture: 'x86_64',
  },
  {
    name: 'c-small',
    cores: 2,
    memory_mb: 4096,
    disk_gb: 40,
    hourly: 0.01,
    description: '',
    zones: ['a', 'b'],
    architecture: 'x86_64',
  },
  {
    name: 'c-medium',
    cores: 2,
    memory_mb: 8192,
    disk_gb: 40,
    hourly: 0.02,
    description: '',
    zones: ['a'],
    architecture: 'x86_64',
  },
];

function server(overrides: Partial<Server> = {}): Server {
  return {
    hostname: 'web-01',
    title: '',
    description: '',
    provider: 'cloud',
    plan: '',
    cores: 2,
    memory: 4096,
    disk: 25,
    zone: 'auto',
    os: 'debian-12',
    user_ssh_port: 22,
    ssh_keys: [],
    firewall_rules: [],
    allowed_ports: [],
    taskservs: [],
    labels: {},
    tags: {},
    enabled: true,
    lock: false,
    time_zone: 'UTC',
    running_wait: 1,
    running_timeout: 60,
    ...overrides,
  };
}

function observed(overrides: Partial<ObservedServer> = {}): ObservedServer {
  return {
    id: '1',
    name: 'web-01',
    hostname: 'web-01',
    provider: 'cloud',
    status: 'running',
    plan: 'c-small',
    cores: 2,
    memory: 4096,
    disk: 40,
    zone: 'a',
    os: 'debian-12',
    ip_addresses: {},
    created_at: '2026-01-01T00:00:00Z',
    tags: {},
    ...overrides,
  };
}

const cloud = { plans, sizesFreely: false, known: false };

test('without a plan the cheapest that holds cores, memory and disk is taken', () => {
  expect(chooseSize(server(), plans, false).plan).toBe('c-small');
  expect(chooseSize(server({ memory: 6000 }), plans, false).plan).toBe('c-medium');
  expect(chooseSize(server({ disk: 60 }), plans, false).plan).toBe('c-large');
  expect(chooseSize(server({ zone: 'b' }), plans, false).plan).toBe('c-small');
});

test('06.A15 a plan of x86-64 goes before a cheaper one of ARM, unless the image is made for ARM', () => {
  const arm: Plan = { ...plans[1]!, name: 'a-small', hourly: 0.005, architecture: 'aarch64' };
  const all = [arm, ...plans];
  expect(chooseSize(server(), all, false).plan).toBe('c-small');
  expect(chooseSize(server({ plan: '2xCPU-4GB' }), all, false).plan).toBe('c-small');
  expect(chooseSize(server({ os: 'debian-12-arm64' }), all, false).plan).toBe('a-small');
  expect(chooseSize(server({ plan: 'a-small' }), all, false).plan).toBe('a-small');
  expect(chooseSize(server(), [arm], false).plan).toBe('a-small');
});

test('06.A15 a portable plan resolves to the same plan every time, an unknown one is refused', () => {
  const names = Array.from({ length: 5 }, () => chooseSize(server({ plan: '2xCPU-4GB' }), plans, false).plan);
  expect(new Set(names)).toEqual(new Set(['c-small']));
  expect(chooseSize(server({ plan: 'medium' }), plans, false).plan).toBe('c-large');
  expect(() => chooseSize(server({ plan: 'gigantic' }), plans, false)).toThrow('Invalid plan: gigantic');
  expect(() => chooseSize(server({ plan: '64xCPU-512GB' }), plans, false)).toThrow(
    'Invalid plan: 64xCPU-512GB',
  );
});

test('a provider that sizes freely takes the figures as they are', () => {
  expect(chooseSize(server({ cores: 1, memory: 700 }), plans, true)).toEqual({
    plan: '',
    cores: 1,
    memory: 700,
  });
  expect(chooseSize(server({ plan: '2xCPU-4GB' }), [], true)).toEqual({
    plan: '2xCPU-4GB',
    cores: 2,
    memory: 4096,
  });
});

test('equal sides are unchanged', () => {
  expect(serverChange(server(), observed(), cloud)).toEqual({
    kind: 'server',
    name: 'web-01',
    action: 'unchanged',
  });
});

test('a server that is not there is created; one that was known has drifted', () => {
  expect(serverChange(server(), undefined, cloud)).toMatchObject({ action: 'create' });
  expect(serverChange(server(), undefined, { ...cloud, known: true })).toMatchObject({
    action: 'create',
    drift: true,
    reasons: ['the server is gone at the provider'],
  });
});

test('a stopped server is drift, a larger plan is an update', () => {
  expect(serverChange(server(), observed({ status: 'stopped' }), cloud)).toMatchObject({
    action: 'update',
    drift: true,
    reasons: ['the server is stopped'],
  });
  expect(serverChange(server({ plan: 'c-large' }), observed(), cloud)).toEqual({
    kind: 'server',
    name: 'web-01',
    action: 'update',
    attributes: [
      { attribute: 'cores', before: 2, after: 4 },
      { attribute: 'memory', before: 4096, after: 8192 },
      { attribute: 'plan', before: 'c-small', after: 'c-large' },
    ],
  });
});

test('another os or zone can only be had by a new server', () => {
  expect(serverChange(server({ os: 'debian-11', zone: 'b' }), observed(), cloud)).toMatchObject({
    action: 'replace',
    attributes: [
      { attribute: 'os', before: 'debian-12', after: 'debian-11' },
      { attribute: 'zone', before: 'a', after: 'b' },
    ],
  });
});
