import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProviderContext, Secret, type ServerSpec } from '@provisioning/extensions-sdk';
import { ManualClock } from '@provisioning/extensions-sdk/testing';
import { type HetznerMock, token } from './mock.ts';

export interface Fixture extends AsyncDisposable {
  readonly context: ProviderContext;
  readonly clock: ManualClock;
  readonly log: string[];
}

/** A context whose service is the mock and whose pauses take no time. */
export async function fixture(mock: HetznerMock, config: Record<string, unknown> = {}): Promise<Fixture> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'hetzner-'));
  const clock = new ManualClock();
  const log: string[] = [];
  return {
    clock,
    log,
    context: {
      config: { api_url: mock.url, rate_limit: { requests_per_minute: 60_000, burst_size: 1000 }, ...config },
      workspace: { name: 'demo', path: '/nowhere' },
      infra: 'shop',
      secrets: { HCLOUD_TOKEN: new Secret(token) },
      environment: {},
      cacheDir,
      log: (_level, message) => void log.push(message),
      now: () => clock.now(),
      clock,
    },
    [Symbol.asyncDispose]: () => rm(cacheDir, { recursive: true, force: true }),
  };
}

export const smallest = {
  plan: 'cx22',
  cores: 2,
  memory: 4096,
  disk: 40,
  zone: 'fsn1',
  os: 'debian-12',
} as const;

export function spec(overrides: Partial<ServerSpec> = {}): ServerSpec {
  return {
    ...smallest,
    hostname: 'web-01',
    ssh_public_keys: [
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKcfHGX0rd8sVXwv8cTOiNvo3WQyPBaXBy0N5T3rlOd7 someone@somewhere',
    ],
    allowed_ports: [],
    time_zone: 'UTC',
    tags: {},
    extra: {},
    idempotency_key: 'workflow-1/web-01',
    ...overrides,
  };
}
