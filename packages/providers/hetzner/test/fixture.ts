import type { ServerSpec } from '@provisioning/extensions-sdk';
import { type TestContext, testContext, testSpec } from '@provisioning/extensions-sdk/testing';
import { type HetznerMock, token } from './mock.ts';

/** A context whose service is the mock. */
export const fixture = (mock: HetznerMock, config: Record<string, unknown> = {}): Promise<TestContext> =>
  testContext('hetzner', { api_url: mock.url, ...config }, { HCLOUD_TOKEN: token });

export const smallest = {
  plan: 'cx22',
  cores: 2,
  memory: 4096,
  disk: 40,
  zone: 'fsn1',
  os: 'debian-12',
} as const;

export const spec = (overrides: Partial<ServerSpec> = {}): ServerSpec => testSpec(smallest, overrides);
