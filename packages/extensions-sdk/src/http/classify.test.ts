import { expect, test } from '@jest/globals';
import { classify, faultOf } from './classify.ts';
import { endpointOf } from './circuit-breaker.ts';
import { parseRetryAfter } from './backoff.ts';
import { redact } from './redact.ts';
import { Secret } from '../secret.ts';

test.each([
  [401, '', 'auth'],
  [402, '', 'quota'],
  [403, '', 'auth'],
  [403, 'quota of servers reached', 'quota'],
  [404, 'quota-01 does not exist', 'not_found'],
  [409, '', 'conflict'],
  [413, '', 'quota'],
  [422, 'name is missing', 'invalid'],
  [422, 'core quota exceeded', 'quota'],
  [423, '', 'conflict'],
  [429, 'quota', 'rate_limited'],
  [500, '', 'unavailable'],
  [504, '', 'timeout'],
  [418, 'bad auth header', 'auth'],
  [418, 'author unknown', 'unknown'],
] as const)('status %d with "%s" is %s', (status, text, code) => {
  expect(classify(status, { text })).toBe(code);
});

test("the service's own code comes first", () => {
  expect(classify(403, { code: 'resource_limit_exceeded' }, { resource_limit_exceeded: 'quota' })).toBe(
    'quota',
  );
});

test('errors of different services are read', () => {
  expect(faultOf({ error: { code: 'locked', message: 'Server is locked' } })).toEqual({
    code: 'locked',
    text: 'Server is locked',
  });
  expect(faultOf({ error: { error_code: 'SERVER_INVALID', error_message: 'invalid.' } })).toEqual({
    code: 'SERVER_INVALID',
    text: 'invalid.',
  });
  expect(faultOf({ id: 'unauthorized', message: 'Unable to authenticate you' })).toMatchObject({
    code: 'unauthorized',
  });
  expect(faultOf({ errors: [{ code: 10000, message: 'Authentication error' }] })).toEqual({
    code: '10000',
    text: 'Authentication error',
  });
  expect(faultOf({ error: 'plain' })).toEqual({ text: 'plain' });
  expect(faultOf('<html>')).toEqual({ text: undefined });
  expect(faultOf(null)).toEqual({});
});

test('identifiers do not make endpoints of their own', () => {
  expect(endpointOf('GET', '/servers/42/actions/7?x=1')).toBe('GET /servers/{id}/actions/{id}');
  expect(endpointOf('GET', '/server/005e48a7-dc8a-409e-be63-9fcc536f292e')).toBe('GET /server/{id}');
});

test('Retry-After is seconds or a date', () => {
  expect(parseRetryAfter('3', 0)).toBe(3);
  expect(parseRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 30_000)).toBe(30);
  expect(parseRetryAfter('soon', 0)).toBeUndefined();
});

test('credentials in every form are taken out', () => {
  const secret = new Secret('p@ss word/1');
  const basic = Buffer.from(`user:${secret.reveal()}`).toString('base64');
  const text = `${secret.reveal()} p%40ss%20word%2F1 Basic ${basic} https://user:${secret.reveal()}@host/`;
  expect(redact(text, [secret])).not.toMatch(/p@ss|p%40ss|user:p/);
  expect(redact(text, [secret])).not.toContain(basic);
});
