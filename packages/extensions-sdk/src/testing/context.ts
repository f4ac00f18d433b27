import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderContext, ServerSpec } from '../provider.ts';
import { Secret } from '../secret.ts';
import { ManualClock } from './index.ts';

export interface TestContext extends AsyncDisposable {
  readonly context: ProviderContext;
  readonly clock: ManualClock;
  /** What the provider logged. */
  readonly log: readonly string[];
}

/** A context of the infrastructure `shop` whose pauses take no time, with a cache folder of its own. */
export async function testContext(
  name: string,
  config: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<TestContext> {
  const cacheDir = await mkdtemp(join(tmpdir(), `${name}-`));
  const clock = new ManualClock();
  const log: string[] = [];
  return {
    clock,
    log,
    context: {
      config: { rate_limit: { requests_per_minute: 60_000, burst_size: 1000 }, ...config },
      workspace: { name: 'demo', path: '/nowhere' },
      infra: 'shop',
      secrets: Object.fromEntries(Object.entries(secrets).map(([key, text]) => [key, new Secret(text)])),
      environment: {},
      cacheDir,
      log: (_level, message) => void log.push(message),
      now: () => clock.now(),
      clock,
    },
    [Symbol.asyncDispose]: () => rm(cacheDir, { recursive: true, force: true }),
  };
}

/** A server to be created, of the smallest kind its cloud has. */
export function testSpec(
  smallest: Pick<ServerSpec, 'plan' | 'cores' | 'memory' | 'disk' | 'zone' | 'os'>,
  overrides: Partial<ServerSpec> = {},
): ServerSpec {
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
