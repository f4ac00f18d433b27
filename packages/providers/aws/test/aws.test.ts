import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProviderContext, type ProviderError, Secret } from '@provisioning/extensions-sdk';
import { ManualClock } from '@provisioning/extensions-sdk/testing';
import provider from '../src/index.ts';
import { failure } from '../src/failure.ts';

async function withContext(
  overrides: Partial<ProviderContext>,
  work: (context: ProviderContext) => Promise<void>,
): Promise<void> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'aws-'));
  const clock = new ManualClock();
  try {
    await work({
      config: { region: 'eu-central-1', credentials_profile: 'no-such-profile' },
      workspace: { name: 'demo', path: '/nowhere' },
      infra: 'shop',
      secrets: {},
      environment: {},
      cacheDir,
      log: () => undefined,
      now: () => clock.now(),
      clock,
      ...overrides,
    });
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}

test('06.A3 without credentials the variable is named, exit 4, nothing is sent', () =>
  withContext({}, async (context) => {
    const instance = await provider.init(context);
    await expect(instance.listServers()).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('AWS_ACCESS_KEY_ID environment variable is required'),
    });
    expect(await instance.validateConfig({ online: false })).toMatchObject({ valid: false });
    await instance.dispose();
  }));

test('06.A3 half of the credentials names the other half and shows neither', () =>
  withContext({ secrets: { AWS_ACCESS_KEY_ID: new Secret('AKIASECRETSECRET0001') } }, async (context) => {
    const instance = await provider.init(context);
    const error = await instance.listServers().catch((reason: ProviderError) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining('AWS_SECRET_ACCESS_KEY') });
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('AKIASECRET');
    await instance.dispose();
  }));

test('06.A16 a region that is none is refused by its pattern', () =>
  withContext({ config: { region: 'EU', credentials_profile: 'no-such-profile' } }, async (context) => {
    const instance = await provider.init(context);
    const { errors } = await instance.validateConfig({ online: false });
    expect(errors.map(({ message }) => message).join()).toMatch(/providers\.aws\.region .*pattern/);
    for (const region of ['us-gov-west-1', 'eu-central-1']) {
      const right = await provider.init({ ...context, config: { region } });
      const found = (await right.validateConfig({ online: false })).errors;
      expect(found.some(({ message }) => message.includes('region'))).toBe(false);
    }
  }));

test('06 §4.1 numbers that are too small are told by their words', () =>
  withContext({ config: { timeout: 0, retries: -1 } }, async (context) => {
    const instance = await provider.init(context);
    const messages = (await instance.validateConfig({ online: false })).errors.map(({ message }) => message);
    expect(messages).toEqual(
      expect.arrayContaining(['Timeout must be positive', 'Retries must be non-negative']),
    );
  }));

test.each([
  ['UnauthorizedOperation', 'auth'],
  ['AuthFailure', 'auth'],
  ['ExpiredToken', 'auth'],
  ['RequestLimitExceeded', 'rate_limited'],
  ['VcpuLimitExceeded', 'quota'],
  ['InsufficientInstanceCapacity', 'quota'],
  ['InvalidInstanceID.NotFound', 'not_found'],
  ['InvalidGroup.Duplicate', 'conflict'],
  ['IncorrectInstanceState', 'conflict'],
  ['InvalidParameterValue', 'invalid'],
  ['ServiceUnavailable', 'unavailable'],
  ['TimeoutError', 'timeout'],
] as const)('%s is %s', (name, code) => {
  expect(failure('createServer', Object.assign(new Error('text'), { name }))).toMatchObject({
    providerCode: code,
  });
});
