import { expect, test } from '@jest/globals';
import { proxyFromEnvironment } from './connections.ts';

test('a configured proxy comes before those of the environment, NO_PROXY before both', () => {
  const environment = { HTTPS_PROXY: 'http://env:3128', NO_PROXY: 'registry.internal' };
  const [plain, configured] = [
    proxyFromEnvironment(environment),
    proxyFromEnvironment(environment, 'http://ours:1'),
  ];
  const proxies = (of: typeof plain) =>
    ['https://example.com', 'http://example.com', 'https://registry.internal'].map((url) => of(new URL(url)));
  expect(proxies(plain)).toEqual(['http://env:3128', undefined, undefined]);
  expect(proxies(configured)).toEqual(['http://ours:1', 'http://ours:1', undefined]);
});
