import { expect, test } from '@jest/globals';
import { foreignSite, isLoopback } from './loopback.ts';

test('loopback hosts are told from all others', () => {
  const local = ['localhost', 'localhost:80', '127.0.0.1', '127.8.9.10:5000', '::1', '[::1]', '[::1]:9090'];
  for (const host of local) expect([host, isLoopback(host)]).toEqual([host, true]);
  const others = ['', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org:80', '0.0.0.0', '[::]:80'];
  for (const host of others) expect([host, isLoopback(host)]).toEqual([host, false]);
});

test('a page of another site is known by its origin, or by the name it gave this machine', () => {
  expect(foreignSite({ host: '127.0.0.1:9090' })).toBeUndefined();
  expect(foreignSite({ host: 'localhost:9090', origin: 'http://localhost:9090' })).toBeUndefined();
  expect(foreignSite({ host: '127.0.0.1:9090', origin: 'https://a.org' }, ['https://a.org'])).toBeUndefined();
  expect(foreignSite({ host: '127.0.0.1:9090', origin: 'https://a.org' })).toBe('https://a.org');
  expect(foreignSite({ host: '127.0.0.1:9090', origin: 'http://127.0.0.1:8080' })).toBe(
    'http://127.0.0.1:8080',
  );
  expect(foreignSite({ host: '127.0.0.1:9090', origin: 'null' })).toBe('null');
  expect(foreignSite({ host: 'a.org:9090', origin: 'http://a.org:9090' }, ['http://a.org:9090'])).toBe(
    'a.org:9090',
  );
  expect(foreignSite({})).toBe('');
});
