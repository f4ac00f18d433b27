import { createHash } from 'node:crypto';
import type { RunInstancesCommandInput, TagSpecification } from '@aws-sdk/client-ec2';
import type { CreateOptions, ObservedServer, ServerSpec } from '@provisioning/extensions-sdk';
import {
  checkSpec,
  cloudInit,
  cutsSsh,
  firewallRules,
  requestTag,
  resourceName,
  serverTags,
  tagNames,
} from '@provisioning/extensions-sdk/cloud';
import { createOnce } from '@provisioning/extensions-sdk/http';
import type { AwsServer } from '../config.ts';
import { name } from '../failure.ts';
import { apiTags } from '../observe.ts';
import { giveAddress } from '../resources/address.ts';
import { ensureGroup } from '../resources/firewall.ts';
import { subnetIn } from '../resources/network.ts';
import type { Call, Placed, Session } from '../session.ts';

/** Creates an instance, or returns the one that is there under the same tags. */
export async function createServer(
  session: Session,
  spec: ServerSpec,
  options: CreateOptions,
): Promise<ObservedServer> {
  const call: Call = { operation: 'createServer', signal: options.signal };
  const [existing] = await session.named(spec.hostname, call);
  const placed = existing ?? (await make(session, spec, call));
  if (existing === undefined) {
    options.onProgress?.(`${spec.hostname} is ${placed.id} at AWS in ${placed.region}`);
    await options.onCreated?.(placed.id);
  }
  if (!options.wait || placed.instance.State?.Name === 'stopped') return session.observeOne(placed, call);
  const running = await session.reach(placed, 'running', call, session.config.running_timeout ?? 600);
  if ((spec.extra as AwsServer).elastic_ip === true) {
    await giveAddress(session, running, spec.hostname, call);
    return session.observeOne(await session.get({ hostname: spec.hostname }, call), call);
  }
  return session.observeOne(running, call);
}

async function make(session: Session, spec: ServerSpec, call: Call): Promise<Placed> {
  const [plans, zones] = await Promise.all([session.catalogue.plans(), session.catalogue.zones()]);
  checkSpec(name, spec, { plans: plans.map((plan) => plan.name), zones: zones.map((zone) => zone.name) });
  const region = session.clients.regionOf(spec.zone);
  const input = await runInput(session, spec, region, call);
  const copies = {
    ...serverTags(session.context, spec.hostname),
    [tagNames.request]: requestTag(spec.idempotency_key),
  };
  const { RunInstancesCommand, TerminateInstancesCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  const { placed } = await createOnce({
    find: async () => (await session.withTags(copies, call)).map(identified),
    create: async () => {
      const { Instances: [instance] = [] } = await session.clients.call(
        call.operation,
        (abortSignal) => client.send(new RunInstancesCommand(input), { abortSignal }),
        call.signal,
      );
      return identified({ instance: instance ?? {}, id: instance?.InstanceId ?? '', region });
    },
    remove: async ({ id }) => {
      await session.clients.call(call.operation, () =>
        client.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
      );
    },
    attempts: 3,
    clock: session.clock,
    signal: call.signal,
  });
  return placed;
}

async function runInput(
  session: Session,
  spec: ServerSpec,
  region: string,
  call: Call,
): Promise<RunInstancesCommandInput> {
  const extra = spec.extra as AwsServer;
  const rules = firewallRules(spec);
  if (cutsSsh(rules, spec.user_ssh_port)) {
    session.context.log('warn', `The firewall rules of ${spec.hostname} leave no way in over SSH`);
  }
  const image = await session.catalogue.image(extra.ami ?? spec.os, region);
  const subnet =
    extra.subnet_id ??
    session.config.subnet_id ??
    (await subnetIn(session, spec.zone, spec.network?.private_network, call));
  const group = await ensureGroup(session, spec.hostname, region, rules, spec.user_ssh_port ?? 22, call);
  const volumes = spec.volumes ?? [];
  const encrypted = extra.encrypted !== false;
  const tags = apiTags({
    ...spec.tags,
    ...serverTags(session.context, spec.hostname),
    [tagNames.request]: requestTag(spec.idempotency_key),
    [tagNames.os]: spec.os,
    [tagNames.user]: spec.user ?? 'root',
    [tagNames.port]: String(spec.user_ssh_port ?? 22),
    Name: resourceName([session.context.infra, spec.hostname], 255),
  });
  const specifications: TagSpecification[] = (['instance', 'volume'] as const).map((ResourceType) => ({
    ResourceType,
    Tags: tags,
  }));
  return {
    // The same request never makes a second instance, whatever happens to the answer.
    ClientToken: createHash('sha256').update(`${spec.idempotency_key} ${spec.hostname}`).digest('hex'),
    MinCount: 1,
    MaxCount: 1,
    ImageId: image.id,
    InstanceType: spec.plan as RunInstancesCommandInput['InstanceType'],
    Placement: { AvailabilityZone: spec.zone },
    UserData: Buffer.from(
      cloudInit(
        spec,
        volumes.flatMap(({ mount_point: mountPoint }, index) =>
          mountPoint === undefined ? [] : [{ device: deviceName(index), mountPoint }],
        ),
      ),
    ).toString('base64'),
    BlockDeviceMappings: [
      {
        DeviceName: image.root,
        Ebs: { VolumeSize: spec.disk, VolumeType: 'gp3', DeleteOnTermination: true, Encrypted: encrypted },
      },
      ...volumes.map((volume, index) => ({
        DeviceName: deviceName(index),
        Ebs: {
          VolumeSize: volume.size,
          VolumeType: (volume.type ?? 'gp3') as 'gp3',
          DeleteOnTermination: true,
          Encrypted: encrypted,
        },
      })),
    ],
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        Groups: [group, ...(extra.security_group_ids ?? [])],
        AssociatePublicIpAddress: spec.network?.public_ip !== false,
        ...(subnet === undefined ? {} : { SubnetId: subnet }),
      },
    ],
    MetadataOptions: { HttpTokens: 'required' },
    TagSpecifications: specifications,
    ...(extra.iam_instance_profile === undefined
      ? {}
      : { IamInstanceProfile: { Name: extra.iam_instance_profile } }),
    ...(extra.spot === true
      ? {
          InstanceMarketOptions: {
            MarketType: 'spot' as const,
            ...(extra.spot_max_price === undefined
              ? {}
              : { SpotOptions: { MaxPrice: extra.spot_max_price } }),
          },
        }
      : {}),
  };
}

/** `/dev/sdf` and on, as AWS recommends for volumes. */
function deviceName(index: number): string {
  return `/dev/sd${String.fromCharCode(102 + index)}`;
}

function identified(placed: Placed) {
  return { id: placed.id, created_at: (placed.instance.LaunchTime ?? new Date(0)).toISOString(), placed };
}
