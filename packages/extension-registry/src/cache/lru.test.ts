import { expect, test } from '@jest/globals';
import { LruCache } from './lru.ts';

test('10.A6 an entry ends after its time, the least recently used one goes at capacity, both are counted', () => {
  let now = 0;
  const cache = new LruCache<string>({ capacity: 2, now: () => now });
  expect(cache.get('a')).toBeUndefined();
  cache.set('a', 'A', 1000);
  expect(cache.get('a')).toBe('A');
  expect([cache.hits, cache.misses]).toEqual([1, 1]);
  now = 1000;
  expect(cache.get('a')).toBeUndefined();
  cache.set('a', 'A', 1000);
  cache.set('b', 'B', 1000);
  cache.set('c', 'C', 1000);
  expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.size]).toEqual([undefined, 'B', 'C', 2]);
  cache.get('b');
  cache.set('d', 'D', 1000);
  expect([cache.get('b'), cache.get('c')]).toEqual(['B', undefined]);
});
