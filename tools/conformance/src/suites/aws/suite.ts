import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ProviderContext,
  type ProviderInstance,
  Secret,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import { runProviderConformance } from '@provisioning/extensions-sdk/conformance';
import { ManualClock } from '@provisioning/extensions-sdk/testing';
import provider from '@provisioning/provider-aws';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { installMoto, startMoto } from './moto.ts';
import { accessKey, Relay } from './relay.ts';

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const gone = { keepStorage: false, force: true, wait: true };

const suite: ConformanceSuite = {
  title: 'provider aws against a moto server',
  async run(say) {
    const missing = installMoto(say);
    if (missing !== undefined) return { cases: [{ name: 'moto', status: 'skipped', reason: missing }] };
    const cacheDir = await mkdtemp(join(tmpdir(), 'conformance-aws-'));
    try {
      await using moto = await startMoto();
      await using relay = await Relay.start(moto.port);
      say(`moto answers on port ${moto.port}`);
      return { cases: await cases(relay, contextFor(relay, cacheDir)) };
    } finally {
      await rm(cacheDir, { recursive: true, force: true });
    }
  },
};
export default suite;

function contextFor(relay: Relay, cacheDir: string): ProviderContext {
  const clock = new ManualClock(Date.now());
  return {
    config: { api_url: relay.url, region: 'eu-central-1' },
    workspace: { name: 'demo', path: '/nowhere' },
    infra: 'shop',
    secrets: { AWS_ACCESS_KEY_ID: new Secret(accessKey), AWS_SECRET_ACCESS_KEY: new Secret(secret) },
    environment: {},
    cacheDir,
    log: () => undefined,
    now: () => clock.now(),
    clock,
  };
}

async function cases(relay: Relay, context: ProviderContext): Promise<CaseResult[]> {
  const instance = await provider.init(context);
  try {
    const { images, zone } = await ground(context);
    const smallest = { plan: 't3.micro', cores: 2, memory: 1024, disk: 20, zone, os: images };
    const report = await runProviderConformance(provider, {
      folder: join(import.meta.dirname, '../../../../../packages/providers/aws'),
      context,
      withoutCredentials: {
        ...context,
        secrets: {},
        config: { ...context.config, credentials_profile: 'no-such-profile' },
      },
      wrongCredentials: {
        ...context,
        secrets: {
          AWS_ACCESS_KEY_ID: new Secret('AKIAWRONGWRONGWRONG1'),
          AWS_SECRET_ACCESS_KEY: new Secret('wrong-secret-1234567'),
        },
      },
      secrets: [secret, 'wrong-secret-1234567'],
      mock: relay,
      spec: smallest,
      otherPlan: 't3.small',
    });
    const results: CaseResult[] = report.groups.flatMap(({ name, checks }) =>
      checks.map((check) => ({
        name: `${name}: ${check.name}`,
        status: check.result,
        ...(check.message === undefined ? {} : { reason: check.message }),
      })),
    );
    const check = async (name: string, work: () => Promise<void>) => {
      try {
        await work();
        results.push({ name, status: 'passed' });
      } catch (error) {
        results.push({
          name,
          status: 'failed',
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    };
    await check('resources: firewall, volumes, snapshots, network, records', () =>
      resources(instance, smallest),
    );
    await check('a second run with the same idempotency key finds the first instance', () =>
      once(instance, smallest),
    );
    return results;
  } finally {
    await instance.dispose();
  }
}

/** An image id and a zone of moto's world. */
async function ground(context: ProviderContext): Promise<{ images: string; zone: string }> {
  const { DescribeImagesCommand, EC2Client } = await import('@aws-sdk/client-ec2');
  const client = new EC2Client({
    region: 'eu-central-1',
    endpoint: String(context.config.api_url),
    credentials: { accessKeyId: accessKey, secretAccessKey: secret },
  });
  const { Images: [image] = [] } = await client.send(
    new DescribeImagesCommand({ Filters: [{ Name: 'architecture', Values: ['x86_64'] }] }),
  );
  client.destroy();
  return { images: image?.ImageId ?? '', zone: 'eu-central-1a' };
}

function specOf(smallest: Partial<ServerSpec>, overrides: Partial<ServerSpec>): ServerSpec {
  return {
    hostname: 'db-01',
    ssh_public_keys: [],
    allowed_ports: [5432],
    time_zone: 'UTC',
    tags: {},
    extra: {},
    idempotency_key: 'suite/db-01',
    ...smallest,
    ...overrides,
  } as ServerSpec;
}

function expectEqual(found: unknown, wished: unknown, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(wished)) {
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wished)}`);
  }
}

async function resources(instance: ProviderInstance, smallest: Partial<ServerSpec>): Promise<void> {
  const ref = { hostname: 'db-01' };
  const volumes = [{ name: 'data', size: 30, mount_point: '/data' }];
  await instance.createServer(specOf(smallest, { volumes, extra: { elastic_ip: true } }), { wait: true });
  const ports = async () => (await instance.getFirewall?.(ref))?.map(({ port }) => port).sort();
  expectEqual(await ports(), [22, 5432], 'ports');
  await instance.updateServer(ref, { allowed_ports: [80], tags: { team: 'web' } });
  expectEqual(await ports(), [22, 80], 'ports after the change');
  expectEqual((await instance.getServer(ref))?.tags.team, 'web', 'tag');
  const volume = await instance.volume?.ensure({ name: 'extra', size: 10 });
  expectEqual((await instance.volume?.ensure({ name: 'extra', size: 10 }))?.id, volume?.id, 'volume again');
  await instance.volume?.attach(volume?.id ?? '', ref);
  const listed = (await instance.volume?.list())?.find(({ id }) => id === volume?.id);
  expectEqual(listed?.attached_to, 'db-01', 'volume holder');
  await instance.volume?.delete(volume?.id ?? '');
  const snapshot = await instance.snapshot?.create(ref, 'before');
  expectEqual(
    (await instance.snapshot?.list())?.map(({ name }) => name),
    ['before'],
    'snapshots',
  );
  await instance.snapshot?.restore(snapshot?.id ?? '');
  await instance.snapshot?.delete(snapshot?.id ?? '');
  await instance.deleteServer(ref, { ...gone, keepStorage: true });
  expectEqual(((await instance.volume?.list())?.length ?? 0) > 0, true, 'kept volumes');
  for (const { id } of (await instance.volume?.list()) ?? []) await instance.volume?.delete(id);
  const network = await instance.network?.ensure({
    name: 'inside',
    cidr: '10.9.0.0/16',
    subnets: [{ name: 'a', cidr: '10.9.1.0/24', zone: smallest.zone }],
  });
  expectEqual((await instance.network?.list())?.length, 1, 'networks');
  await instance.network?.delete(network?.id ?? '');
  expectEqual((await instance.network?.list())?.length, 0, 'networks after');
}

/** Moto ignores client tokens, so two runs at once can't be shown here; one after the other can. */
async function once(instance: ProviderInstance, smallest: Partial<ServerSpec>): Promise<void> {
  const spec = specOf(smallest, { hostname: 'one-01', idempotency_key: 'suite/one-01' });
  const first = await instance.createServer(spec, { wait: false });
  const second = await instance.createServer(spec, { wait: true });
  const all = (await instance.listServers()).filter(({ hostname }) => hostname === 'one-01');
  await instance.deleteServer({ hostname: 'one-01' }, gone);
  expectEqual([second.id, all.length], [first.id, 1], 'instances');
}
