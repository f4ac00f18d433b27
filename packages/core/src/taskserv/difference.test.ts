import { expect, test } from '@jest/globals';
import type { DesiredTaskserv } from './desired.ts';
import { compareFacts, upstreamVersion } from './difference.ts';
import { expectedFacts } from './facts.ts';

const hash = 'a'.repeat(64);
const desired = {
  name: 'redis',
  version: '7.0',
  packages: ['redis-server'],
  keepPackages: false,
  users: [],
  directories: [{ path: '/srv/data', mode: '750', owner: 'redis', group: 'redis' }],
  assets: [],
  files: [{ path: '/etc/redis/redis.conf', sha256: hash, mode: '640', owner: 'redis', group: 'redis' }],
  units: ['redis-server'],
  facts: ['database app\towned by app', 'user app\tpresent'],
  digest: '0123456789abcdef',
} as unknown as DesiredTaskserv;

const all = [...expectedFacts(desired), 'info\tversion\tredis-server\t5:7.0.15-1~deb12u3'];
const without = (...parts: string[]): Set<string> =>
  new Set(all.filter((line) => !parts.some((part) => line.includes(part))));

test('a host that tells everything expected is satisfied', () => {
  expect(compareFacts(desired, new Set(all))).toEqual({
    name: 'redis',
    version: '7.0.15',
    state: 'satisfied',
    reasons: [],
    drift: false,
  });
});

test('a host without the record never had it', () => {
  expect(compareFacts(desired, without('record'))).toMatchObject({
    state: 'absent',
    reasons: ['redis is not installed'],
  });
});

test('every difference has its words', () => {
  const drift = (lost: string, ...found: string[]): readonly string[] => {
    const facts = without(lost);
    for (const line of found) facts.add(line);
    const observation = compareFacts(desired, facts);
    expect(observation).toMatchObject({ state: 'drifted', drift: true });
    return observation.reasons;
  };
  expect(drift('package')).toEqual(['package redis-server is not installed']);
  expect(drift('unit', 'unit\tredis-server\tfailed\tenabled')).toEqual([
    'service redis-server is not running',
  ]);
  expect(drift('unit', 'unit\tredis-server\tactive\tdisabled')).toEqual([
    'service redis-server does not start at boot',
  ]);
  expect(drift(hash)).toEqual(['file /etc/redis/redis.conf is missing']);
  expect(drift(hash, `${'b'.repeat(64)}  /etc/redis/redis.conf`)).toEqual([
    'file /etc/redis/redis.conf differs',
  ]);
  expect(drift('640', 'mode\t/etc/redis/redis.conf\t666 root:root')).toEqual([
    '/etc/redis/redis.conf has permissions 666 root:root, not 640 redis:redis',
  ]);
  expect(drift('/srv/data')).toEqual(['directory /srv/data is missing']);
  expect(drift('user app')).toEqual(['user app is missing']);
  expect(drift('database', 'fact\tredis\tdatabase app\towned by eve')).toEqual([
    'database app is owned by eve, not owned by app',
  ]);
});

test('a service that is down says nothing of what it holds', () => {
  const facts = without('unit', 'fact');
  expect(compareFacts(desired, facts).reasons).toEqual([
    'service redis-server is not running',
    'service redis-server does not start at boot',
  ]);
});

test('another version or definition is no drift', () => {
  const facts = without('record');
  facts.add('record\tredis\t6.2 0123456789abcdef');
  expect(compareFacts(desired, facts)).toMatchObject({
    drift: false,
    reasons: ['version 6.2 is installed, 7.0 is wanted'],
  });
  facts.delete('record\tredis\t6.2 0123456789abcdef');
  facts.add('record\tredis\t7.0 ffffffffffffffff');
  expect(compareFacts(desired, facts)).toMatchObject({
    drift: false,
    reasons: ['the definition of redis changed'],
  });
});

test.each([
  ['5:7.0.15-1~deb12u3', '7.0.15'],
  ['15.18-0+deb12u1', '15.18'],
  ['2.6.12-1+deb12u2', '2.6.12'],
  ['1.6.20~ds1-1+b1', '1.6.20'],
  ['0.21', '0.21'],
])('upstream version of %s is %s', (debian, upstream) => {
  expect(upstreamVersion(debian)).toBe(upstream);
});
