import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProviderContext, Secret, type ServerSpec } from '@provisioning/extensions-sdk';
import { ManualClock } from '@provisioning/extensions-sdk/testing';

export const username = 'mock-api-user';
export const token = 'ucat_mock-token-0123456789';
export const password = 'mock-api-password-0123';

export interface Fixture extends AsyncDisposable {
  readonly context: ProviderContext;
  readonly clock: ManualClock;
}

export async function fixture(url: string, config: Record<string, unknown> = {}): Promise<Fixture> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'upcloud-'));
  const clock = new ManualClock();
  return {
    clock,
    context: {
      config: { api_url: url, rate_limit: { requests_per_minute: 60_000, burst_size: 1000 }, ...config },
      workspace: { name: 'demo', path: '/nowhere' },
      infra: 'shop',
      secrets: { UPCLOUD_USERNAME: new Secret(username), UPCLOUD_PASSWORD: new Secret(password) },
      environment: {},
      cacheDir,
      log: () => undefined,
      now: () => clock.now(),
      clock,
    },
    [Symbol.asyncDispose]: () => rm(cacheDir, { recursive: true, force: true }),
  };
}

export const smallest = {
  plan: '1xCPU-1GB',
  cores: 1,
  memory: 1024,
  disk: 25,
  zone: 'fi-hel2',
  os: 'ubuntu-22.04',
} as const;

export function spec(overrides: Partial<ServerSpec> = {}): ServerSpec {
  return {
    ...smallest,
    hostname: 'web-01',
    ssh_public_keys: [
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKcfHGX0rd8sVXwv8cTOiNvo3WQyPBaXBy0N5T3rlOd7 someone',
    ],
    allowed_ports: [],
    time_zone: 'UTC',
    tags: {},
    extra: {},
    idempotency_key: 'workflow-1/web-01',
    ...overrides,
  };
}
