import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { AuthenticationError, ProvisioningClient } from './index.ts';
import type { Logger } from './index.ts';
import { clientOf, endAll, login, start, users } from './testing/clients.fixture.ts';

afterEach(endAll);

describe('authentication', () => {
  test('14.A3 one 401 costs one login; a second one is an error; ten calls share one login', async () => {
    const fake = await start({ users, tasks: [{ id: 't' }] });
    const client = clientOf(fake, login);
    const errors: unknown[] = [];
    client.on('authError', (error) => errors.push(error));
    await Promise.all(Array.from({ length: 10 }, () => client.getTaskStatus('t')));
    expect(fake.count('POST /auth/login')).toBe(1);
    // The token is lost at the server: the refresh token gets another one, the caller sees nothing of it.
    fake.expireTokens();
    expect((await client.getTaskStatus('t')).id).toBe('t');
    expect(fake.count('POST /auth/refresh')).toBe(1);
    fake.behave({ on: 'GET /tasks/t', status: 401, code: 'TOKEN_REVOKED', times: 2 });
    await expect(client.getTaskStatus('t')).rejects.toBeInstanceOf(AuthenticationError);
    expect(errors).toHaveLength(1);
  });

  test('a wrong password is told once, without the password', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, { username: 'ada', password: 'wrong-password' });
    const errors: Error[] = [];
    client.on('authError', (error) => errors.push(error));
    await expect(client.getTaskStatus('t')).rejects.toBeInstanceOf(AuthenticationError);
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toContain('***');
    expect(fake.count('GET /tasks')).toBe(0);
  });

  test('14.A4 an expired token gives way to a new one', async () => {
    const fake = await start({ users });
    const claims = btoa(JSON.stringify({ exp: Math.floor(Date.now() / 1000) - 60 }));
    const expired = `x.${claims}.x`;
    const client = clientOf(fake, { ...login, token: expired });
    const seen: unknown[] = [];
    client.on('authenticated', (authenticated) => seen.push(authenticated));
    const token = await client.authenticate();
    expect(token).not.toBe(expired);
    expect(fake.tokens.has(token)).toBe(true);
    expect(seen).toEqual([{ user: 'ada', expiresAt: expect.any(String) }]);
    expect(JSON.stringify(seen)).not.toContain(token);
    expect(await client.authenticate()).toBe(token);
    expect(await client.authenticate({ force: true })).not.toBe(token);
  });

  test('health and versions send no token; nothing to authenticate with is said as such', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, login);
    expect(await client.healthCheck()).toBe(true);
    expect(await client.negotiateVersion()).toBe('v3');
    expect(fake.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    const anonymous = clientOf(fake);
    await expect(anonymous.authenticate()).rejects.toThrow(
      'Username and password required for authentication',
    );
    fake.behave({ on: '/health', drop: true });
    expect(await client.healthCheck()).toBe(false);
  });

  test('14.A18 neither token nor password appears in logs, errors or inspection', async () => {
    const fake = await start({ users });
    const lines: string[] = [];
    const logger = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((level) => [level, (line: string) => lines.push(line)]),
    ) as unknown as Logger;
    const client = clientOf(fake, { ...login, logger });
    const errors: unknown[] = [];
    for (const name of ['authError', 'websocketError', 'authenticated'] as const)
      client.on(name, (payload) => errors.push(payload));
    client.on('workflowCreated', () => {
      throw new Error('handler');
    });
    const token = await client.authenticate();
    await client.createServerWorkflow({ infra: 'demo' });
    errors.push(await client.getTaskStatus('nope').catch((error: unknown) => error));
    fake.behave({ on: 'POST /auth', status: 401 });
    fake.expireTokens();
    errors.push(await client.getTaskStatus('nope').catch((error: unknown) => error));
    errors.push(await client.connectWebSocket().catch((error: unknown) => error));
    const wrong = clientOf(fake, { username: 'ada', password: 'other-password' });
    errors.push(await wrong.authenticate().catch((error: unknown) => error));
    const deep = { depth: 20, showHidden: true, getters: true } as const;
    const texts = [
      ...lines,
      inspect(errors, deep),
      inspect(client, deep),
      inspect(wrong, deep),
      JSON.stringify(errors),
      JSON.stringify(client),
      String(client),
    ].join('\n');
    expect(lines).toEqual(['A handler failed: handler']);
    for (const secret of [token, 'correct horse', 'other-password']) expect(texts).not.toContain(secret);
  });

  test('options are checked when the client is made', () => {
    expect(() => new ProvisioningClient({ baseUrl: 'nonsense' })).toThrow("Invalid option 'baseUrl'");
    expect(() => new ProvisioningClient({ timeout: '5' as never })).toThrow("Invalid option 'timeout'");
    const lines: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => lines.push(line) };
    new ProvisioningClient({ baseUrl: 'http://example.org', token: 'x', logger });
    expect(lines).toEqual(['Credentials are sent over an unencrypted connection']);
  });
});
