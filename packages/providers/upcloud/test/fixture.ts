import type { ServerSpec } from '@provisioning/extensions-sdk';
import { type TestContext, testContext, testSpec } from '@provisioning/extensions-sdk/testing';

export const username = 'mock-api-user';
export const password = 'mock-api-password-0123';

export const fixture = (url: string, config: Record<string, unknown> = {}): Promise<TestContext> =>
  testContext(
    'upcloud',
    { api_url: url, ...config },
    { UPCLOUD_USERNAME: username, UPCLOUD_PASSWORD: password },
  );

export const smallest = {
  plan: '1xCPU-1GB',
  cores: 1,
  memory: 1024,
  disk: 25,
  zone: 'fi-hel2',
  os: 'ubuntu-22.04',
} as const;

export const spec = (overrides: Partial<ServerSpec> = {}): ServerSpec => testSpec(smallest, overrides);
