import { expect, test } from '@jest/globals';
import { type TaskservResolution, resolveTaskservs } from './dependencies.ts';

type Part = Parameters<typeof resolveTaskservs>[1] extends ReadonlyMap<string, infer R> ? R : never;

function part(name: string, changes: Partial<Part> & { readonly version?: string } = {}): [string, Part] {
  const { version = '1.0.0', ...rest } = changes;
  return [
    name,
    {
      name,
      software: { version, supports_versions: [] },
      dependencies: {},
      optional_dependencies: {},
      conflicts: {},
      provides: [],
      aliases: [],
      ...rest,
    },
  ];
}

const catalogue = new Map([
  part('os'),
  part('runc', { dependencies: { os: '*' }, version: '1.1.0' }),
  part('crun', { dependencies: { os: '*' } }),
  part('containerd', { dependencies: { os: '*', runc: '*' }, version: '1.7.0', conflicts: { docker: '*' } }),
  part('crio', { dependencies: { os: '*', 'runc|crun': '*' }, version: '1.28.0' }),
  part('etcd', { dependencies: { os: '*' }, version: '3.5' }),
  part('docker', { version: '20.10.0' }),
  part('kubernetes', {
    dependencies: { 'containerd|crio': '>=1.7', etcd: '>=3.5', os: '*' },
    optional_dependencies: { prometheus: '*' },
    conflicts: { docker: '*' },
    aliases: ['k8s'],
  }),
  part('old', { dependencies: { etcd: '<3.4' } }),
  part('prometheus', { provides: ['monitoring'] }),
  part('app', { dependencies: { monitoring: '*' } }),
  part('a', { dependencies: { b: '*' } }),
  part('b', { dependencies: { a: '*' } }),
  part('lost', { dependencies: { nowhere: '*' } }),
]);

const resolve = (
  names: string[],
  options: Partial<Parameters<typeof resolveTaskservs>[2]> = {},
): TaskservResolution => resolveTaskservs(names, catalogue, { target: 'web-01', ...options });

test('07.A1 the closure, os first, what was not asked for told apart', () => {
  expect(resolve(['kubernetes'])).toEqual({
    order: ['os', 'runc', 'containerd', 'etcd', 'kubernetes'],
    added: ['os', 'runc', 'containerd', 'etcd'],
    present: [],
    warnings: [],
  });
  expect(resolve(['k8s']).order).toContain('kubernetes');
});

test('what is installed in range is skipped; alternatives prefer installed, then configured, then the first', () => {
  const installed = new Map([
    ['os', '1.0.0'],
    ['crio', '1.28.1'],
  ]);
  expect(resolve(['kubernetes'], { installed })).toMatchObject({
    order: ['etcd', 'kubernetes'],
    present: ['crio', 'os'],
  });
  expect(resolve(['kubernetes'], { configured: new Set(['crio']) }).order).toEqual([
    'os',
    'runc',
    'crio',
    'etcd',
    'kubernetes',
  ]);
});

test('capabilities and optional dependencies', () => {
  expect(resolve(['app']).order).toEqual(['prometheus', 'app']);
  expect(resolve(['kubernetes']).order).not.toContain('prometheus');
  const { order } = resolve(['kubernetes', 'prometheus']);
  expect(order.indexOf('prometheus')).toBeLessThan(order.indexOf('kubernetes'));
});

test('07.A4 docker installed, then kubernetes: a conflict that names the host; --force warns', () => {
  const installed = new Map([['docker', '20.10.0']]);
  const text = 'Conflict: kubernetes conflicts with docker on web-01';
  expect(() => resolve(['kubernetes'], { installed })).toThrow(
    expect.objectContaining({ code: 'TASKSERV_CONFLICT', message: text }),
  );
  expect(resolve(['kubernetes'], { installed, force: true }).warnings).toContain(text);
});

test('07.A5 cycles, missing ones and ranges nothing meets', () => {
  expect(() => resolve(['a'])).toThrow('Circular dependency detected: a → b → a');
  expect(() => resolve(['lost'])).toThrow('Dependency not found: nowhere (required by lost)');
  expect(() => resolve(['kubernetes', 'old'])).toThrow(
    'Version conflict: etcd >=3.5 (kubernetes), <3.4 (old)',
  );
});
