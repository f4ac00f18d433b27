import { expect, test } from '@jest/globals';
import { networkSettings } from './environment.ts';

const variables = { HTTPS_PROXY: 'http://env:3128', NO_PROXY: 'localhost' };

test('a proxy of the configuration comes before that of the environment', () => {
  expect(networkSettings(variables, 'dev')).toMatchObject({
    httpsProxy: 'http://env:3128',
    noProxy: 'localhost',
  });
  expect(networkSettings(variables, 'dev', { proxy: 'http://ours:3128' })).toMatchObject({
    httpProxy: 'http://ours:3128',
    httpsProxy: 'http://ours:3128',
    noProxy: 'localhost',
  });
});

test('certificates go unverified where the configuration says so, and never in production', () => {
  expect(networkSettings({}, 'dev', { tls_verify: false })).toMatchObject({ skipTlsVerification: true });
  expect(networkSettings({}, 'prod', { tls_verify: true })).not.toHaveProperty('skipTlsVerification');
  expect(() => networkSettings({}, 'prod', { tls_verify: false })).toThrow('TLS verification may not be off');
});
