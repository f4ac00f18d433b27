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
import hetzner from '@provisioning/provider-hetzner';
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
    await check('load balancers: made once, listed, given servers, taken away', () =>
      balancers(instance, smallest),
    );
    await check('buckets: private, encrypted, found again; one of somebody else is left alone', () =>
      buckets(instance, relay),
    );
    await check("buckets of Hetzner's object storage, which speaks S3", () => objectStorage(relay, context));
    await check('databases and Kubernetes that AWS runs', () => managed(instance));
    await check('limits of the account', async () => {
      const vpcs = (await instance.getQuota?.())?.find(({ name }) => name === 'vpcs');
      expectEqual([vpcs?.limit, (vpcs?.used ?? 0) > 0], [5, true], 'limit of VPCs');
    });
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

async function balancers(instance: ProviderInstance, smallest: Partial<ServerSpec>): Promise<void> {
  const service = instance.loadBalancer!;
  const ref = { hostname: 'lb-01' };
  await instance.createServer(specOf(smallest, { ...ref, idempotency_key: 'suite/lb-01' }), { wait: true });
  const web = { name: 'front', listeners: [{ port: 80, target_port: 8080, protocol: 'http' }] };
  const { id } = await service.ensure(web);
  expectEqual((await service.ensure(web)).id, id, 'load balancer again');
  const plain = await service.ensure({ name: 'plain', listeners: [{ port: 5432, target_port: 5432 }] });
  const names = async () => (await service.list!()).map(({ name, ports }) => [name, ports]).sort();
  expectEqual(
    await names(),
    [
      ['front', [80]],
      ['plain', [5432]],
    ],
    'load balancers',
  );
  await service.setTargets(id, [{ ref, weight: 100 }]);
  expectEqual((await service.health(id)).total, 1, 'targets');
  const behind = async () => (await service.list!()).find((one) => one.id === id)?.targets;
  const { id: server = '' } = (await instance.getServer(ref)) ?? {};
  expectEqual(await behind(), [{ id: server, weight: 100 }], 'servers behind it');
  await service.setTargets(id, [{ ref, weight: 0 }]);
  expectEqual((await service.health(id)).total, 0, 'targets after');
  expectEqual(await behind(), [], 'servers behind it after');
  await service.delete(id);
  await service.delete(plain.id);
  expectEqual(await names(), [], 'load balancers after');
  await instance.deleteServer(ref, gone);
}

async function buckets(instance: ProviderInstance, relay: Relay): Promise<void> {
  const service = instance.bucket!;
  await service.ensure({ name: 'suite-backups', versioning: true });
  await service.ensure({ name: 'suite-backups', versioning: true });
  expectEqual(
    await service.list!(),
    [
      {
        ...{ id: 'suite-backups', name: 'suite-backups', region: 'eu-central-1' },
        ...{ versioning: true, encryption: 'AES256' },
      },
    ],
    'buckets',
  );
  const { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } =
    await import('@aws-sdk/client-s3');
  const other = new S3Client({
    region: 'eu-central-1',
    endpoint: relay.url,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secret },
  });
  try {
    const constraint = { LocationConstraint: 'eu-central-1' as const };
    await other.send(
      new CreateBucketCommand({ Bucket: 'suite-theirs', CreateBucketConfiguration: constraint }),
    );
    for (const work of [
      () => service.ensure({ name: 'suite-theirs' }),
      () => service.delete('suite-theirs'),
    ]) {
      const refused = await work().then(
        () => 'nothing',
        (error: Error) => error.message,
      );
      expectEqual(refused, 'The bucket suite-theirs does not belong to this infrastructure', 'refusal');
    }
    const place = { Bucket: 'suite-backups', Key: 'a' };
    await other.send(new PutObjectCommand({ ...place, Body: 'x' }));
    const full = await service.delete('suite-backups').then(
      () => 'nothing',
      (error: { providerCode?: string }) => error.providerCode,
    );
    expectEqual(full, 'conflict', 'deletion of a bucket with objects');
    const { ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
    await other.send(new DeleteObjectCommand(place));
    const { Versions = [], DeleteMarkers = [] } = await other.send(
      new ListObjectVersionsCommand({ Bucket: place.Bucket }),
    );
    for (const { VersionId } of [...Versions, ...DeleteMarkers])
      await other.send(new DeleteObjectCommand({ ...place, VersionId }));
  } finally {
    other.destroy();
  }
  await service.delete('suite-backups');
  expectEqual(await service.list!(), [], 'buckets after');
}

async function managed(instance: ProviderInstance): Promise<void> {
  const { database, kubernetes } = instance.managed!;
  const wish = { name: 'main', engine: 'postgres', password: 'not-a-secret-here', storage: 30 };
  const { id } = await database!.ensure(wish);
  expectEqual((await database!.ensure(wish)).id, id, 'database again');
  expectEqual(
    (await database!.list()).map(({ name, status }) => [name, status]),
    [['main', 'available']],
    'databases',
  );
  await database!.delete(id);
  expectEqual(await database!.list(), [], 'databases after');

  const roles = {
    role: 'arn:aws:iam::123456789012:role/eks',
    node_role: 'arn:aws:iam::123456789012:role/node',
  };
  const cluster = await kubernetes!.ensure({ name: 'apps', ...roles, nodes: 3 });
  expectEqual((await kubernetes!.ensure({ name: 'apps', ...roles })).id, cluster.id, 'cluster again');
  expectEqual(
    (await kubernetes!.list()).map(({ name, status }) => [name, status]),
    [['apps', 'active']],
    'clusters',
  );
  await kubernetes!.delete(cluster.id);
  expectEqual(await kubernetes!.list(), [], 'clusters after');
}

/** The small S3 client that the clouds without a library of their own use, against the same moto. */
async function objectStorage(relay: Relay, context: ProviderContext): Promise<void> {
  const keys = { access_key: accessKey, secret_key: secret };
  const init = (infra: string, object_storage: object) =>
    hetzner.init({
      ...context,
      infra,
      config: { object_storage: { endpoint: relay.url, ...object_storage } },
    });
  const [ours, theirs, keyless] = await Promise.all([
    init('shop', keys),
    init('other', keys),
    init('shop', {}),
  ]);
  const said = (work: Promise<unknown>) =>
    work.then(
      () => 'nothing',
      (error: { providerCode?: string }) => error.providerCode,
    );
  try {
    const { id } = await ours.bucket!.ensure({ name: 'suite-assets', versioning: true });
    expectEqual(
      await ours.bucket!.ensure({ name: 'suite-assets', versioning: true }),
      { id },
      'bucket again',
    );
    const listed = [{ id, name: 'suite-assets', region: 'fsn1', versioning: true }];
    expectEqual(await ours.bucket!.list!(), listed, 'buckets');
    await ours.bucket!.ensure({ name: 'suite-assets', versioning: false });
    expectEqual(await ours.bucket!.list!(), [{ ...listed[0], versioning: false }], 'without versions');
    expectEqual(await theirs.bucket!.list!(), [], "another infrastructure's buckets");
    expectEqual(await said(theirs.bucket!.ensure({ name: 'suite-assets' })), 'conflict', 'taken name');
    expectEqual(await said(theirs.bucket!.delete(id)), 'conflict', 'deletion by others');
    expectEqual(await keyless.bucket!.list!(), [], 'buckets without keys');
    expectEqual(await said(keyless.bucket!.ensure({ name: 'suite-more' })), 'auth', 'creation without keys');
    const { DeleteObjectCommand, PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
    const credentials = { accessKeyId: accessKey, secretAccessKey: secret };
    const client = new S3Client({ region: 'fsn1', endpoint: relay.url, forcePathStyle: true, credentials });
    const place = { Bucket: 'suite-assets', Key: 'a' };
    await client.send(new PutObjectCommand({ ...place, Body: 'x' }));
    expectEqual(await said(ours.bucket!.delete(id)), 'conflict', 'deletion with objects');
    const { VersionId } = await client.send(new DeleteObjectCommand(place));
    if (VersionId !== undefined) await client.send(new DeleteObjectCommand({ ...place, VersionId }));
    await client.send(new DeleteObjectCommand({ ...place, VersionId: 'null' }));
    client.destroy();
    await ours.bucket!.delete(id);
    await ours.bucket!.delete(id);
    expectEqual(await ours.bucket!.list!(), [], 'buckets after');
  } finally {
    for (const instance of [ours, theirs, keyless]) await instance.dispose();
  }
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
