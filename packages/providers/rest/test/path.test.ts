import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fill, fillUrl, holds, valueAt } from '../src/path.ts';

const answer = {
  droplet: { id: 7, state: 'ok', region: { slug: 'fra1' } },
  networks: {
    v4: [
      { type: 'private', ip: '10.0.0.2' },
      { type: 'public', ip: '203.0.113.5' },
    ],
    v6: [],
  },
};

test('paths reach keys, places and the first that fits', () => {
  expect(valueAt(answer, 'droplet.region.slug')).toBe('fra1');
  expect(valueAt(answer, 'networks.v4[0].ip')).toBe('10.0.0.2');
  expect(valueAt(answer, "networks.v4[?type=='public'].ip")).toBe('203.0.113.5');
  expect(valueAt(answer, 'networks.v6[0].ip')).toBeUndefined();
  expect(valueAt(answer, 'no.such.thing')).toBeUndefined();
  expect(valueAt(answer, 'constructor.name')).toBeUndefined();
  expect(() => valueAt(answer, 'a..b')).toThrow('is no path');
});

test('conditions', () => {
  expect(holds(answer, 'droplet.id != null')).toBe(true);
  expect(holds(answer, 'droplet.nothing != null')).toBe(false);
  expect(holds(answer, "droplet.state == 'ok' && droplet.id == 7")).toBe(true);
  expect(holds(answer, 'droplet.state')).toBe(true);
});

test('a placeholder alone keeps its type, keys without value are left out, URLs are encoded', () => {
  const scope = { server: { name: 'web 1', keys: ['a'], cores: 2 } };
  expect(
    fill({ n: '{{server.name}}!', k: '{{server.keys}}', c: '{{server.cores}}', x: '{{nothing}}' }, scope),
  ).toEqual({
    n: 'web 1!',
    k: ['a'],
    c: 2,
  });
  expect(fillUrl('/servers/{{server.name}}', scope)).toBe('/servers/web%201');
  expect(fillUrl('/servers/{{id}}', { id: '../admin?x' })).toBe('/servers/..%2Fadmin%3Fx');
});

test('whatever the path and the answer are, the value or an error about the path comes back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, path) => {
      try {
        valueAt(value, path);
      } catch (error) {
        expect((error as Error).message).toContain('is no path');
      }
    }),
    { numRuns: 2000 },
  );
});
