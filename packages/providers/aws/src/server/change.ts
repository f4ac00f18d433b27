import {
  type CallOptions as Cancel,
  type ObservedServer,
  ProviderError,
  type ServerRef,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import { changedRules, serverTags, wrongState } from '@provisioning/extensions-sdk/cloud';
import { name } from '../failure.ts';
import { apiTags } from '../observe.ts';
import { deleteGroup, ensureGroup } from '../resources/firewall.ts';
import { releaseAddresses } from '../resources/address.ts';
import type { Call, Placed, Session } from '../session.ts';

const softStop = 120;
const startLimit = 300;

export async function setServerState(
  session: Session,
  ref: ServerRef,
  state: 'running' | 'stopped' | 'rebooted',
  options: { readonly wait: boolean; readonly force: boolean } & Cancel,
): Promise<ObservedServer> {
  const call: Call = { operation: 'setServerState', signal: options.signal };
  const placed = await session.get(ref, call);
  if (state === 'stopped') return session.observeOne(await stop(session, placed, options, call), call);
  if (state === 'running') {
    return session.observeOne(await start(session, placed, options.wait, call), call);
  }
  if (placed.instance.State?.Name !== 'running') {
    throw wrongState(name, 'setServerState', await session.observeOne(placed, call));
  }
  const { RebootInstancesCommand } = await import('@aws-sdk/client-ec2');
  await send(session, placed, call, (ids) => new RebootInstancesCommand(ids));
  return session.observeOne(
    options.wait ? await session.reach(placed, 'running', call, startLimit) : placed,
    call,
  );
}

async function start(session: Session, placed: Placed, wait: boolean, call: Call): Promise<Placed> {
  if (placed.instance.State?.Name === 'running') return placed;
  if (placed.instance.State?.Name === 'stopping') await session.reach(placed, 'stopped', call, startLimit);
  const { StartInstancesCommand } = await import('@aws-sdk/client-ec2');
  await send(session, placed, call, (ids) => new StartInstancesCommand(ids));
  return wait ? session.reach(placed, 'running', call, startLimit) : placed;
}

async function stop(
  session: Session,
  placed: Placed,
  options: { readonly wait: boolean; readonly force: boolean },
  call: Call,
): Promise<Placed> {
  if (placed.instance.State?.Name === 'stopped') return placed;
  const { StopInstancesCommand } = await import('@aws-sdk/client-ec2');
  await send(session, placed, call, (ids) => new StopInstancesCommand(ids));
  if (!options.wait && !options.force) return placed;
  try {
    return await session.reach(placed, 'stopped', call, softStop);
  } catch (error) {
    if (!options.force || !(error instanceof ProviderError) || error.providerCode !== 'timeout') throw error;
    await send(session, placed, call, (ids) => new StopInstancesCommand({ ...ids, Force: true }));
    return session.reach(placed, 'stopped', call, startLimit);
  }
}

async function send(
  session: Session,
  placed: Placed,
  call: Call,
  command: (ids: { InstanceIds: string[] }) => unknown,
): Promise<void> {
  const client = await session.clients.ec2(placed.region);
  await session.clients.call(
    call.operation,
    (abortSignal) => client.send(command({ InstanceIds: [placed.id] }) as never, { abortSignal }),
    call.signal,
  );
}

/** Stop, change the type, start; a refused change starts the instance again with its old type (05 §7.4). */
export async function resizeServer(
  session: Session,
  ref: ServerRef,
  plan: string,
  options: Cancel = {},
): Promise<ObservedServer> {
  const call: Call = { operation: 'resizeServer', signal: options.signal };
  const placed = await session.get(ref, call);
  if (placed.instance.InstanceType === plan) return session.observeOne(placed, call);
  const wasRunning = placed.instance.State?.Name === 'running';
  const stopped = wasRunning ? await stop(session, placed, { wait: true, force: true }, call) : placed;
  const { ModifyInstanceAttributeCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(placed.region);
  try {
    const input = { InstanceId: placed.id, InstanceType: { Value: plan } };
    await session.clients.call(
      call.operation,
      (abortSignal) => client.send(new ModifyInstanceAttributeCommand(input), { abortSignal }),
      call.signal,
    );
  } catch (error) {
    if (wasRunning) await start(session, stopped, true, call);
    throw error;
  }
  if (wasRunning) await start(session, stopped, true, call);
  return session.observeOne(await session.get({ hostname: ref.hostname, id: placed.id }, call), call);
}

export async function updateServer(
  session: Session,
  ref: ServerRef,
  patch: Partial<ServerSpec>,
  options: Cancel = {},
): Promise<ObservedServer> {
  const call: Call = { operation: 'updateServer', signal: options.signal };
  const placed = await session.get(ref, call);
  if (patch.plan !== undefined && patch.plan !== '') await resizeServer(session, ref, patch.plan, options);
  if (patch.tags !== undefined) {
    const { CreateTagsCommand } = await import('@aws-sdk/client-ec2');
    const client = await session.clients.ec2(placed.region);
    const Tags = apiTags({ ...patch.tags, ...serverTags(session.context, ref.hostname) });
    await session.clients.call(call.operation, () =>
      client.send(new CreateTagsCommand({ Resources: [placed.id], Tags })),
    );
  }
  const wished = changedRules(patch);
  if (wished !== undefined)
    await ensureGroup(session, ref.hostname, placed.region, wished, patch.user_ssh_port ?? 22, call);
  return session.observeOne(await session.get(ref, call), call);
}

/** Terminates with everything that is the server's own; kept volumes are cut loose before. */
export async function deleteServer(
  session: Session,
  ref: ServerRef,
  options: { readonly keepStorage: boolean } & Cancel,
): Promise<{ readonly deleted: boolean }> {
  const call: Call = { operation: 'deleteServer', signal: options.signal };
  const one = ref.id === undefined ? undefined : await session.find(ref, call);
  const all = one === undefined ? await session.named(ref.hostname, call) : [one];
  const { TerminateInstancesCommand } = await import('@aws-sdk/client-ec2');
  for (const placed of all) {
    if (options.keepStorage) await keepVolumes(session, placed, call);
    await send(session, placed, call, (ids) => new TerminateInstancesCommand(ids));
    await session.reach(placed, 'terminated', call, startLimit);
  }
  for (const region of session.clients.regions) {
    await releaseAddresses(session, ref.hostname, region, call);
    await deleteGroup(session, ref.hostname, region, call);
  }
  return { deleted: all.length > 0 };
}

async function keepVolumes(session: Session, { instance, id, region }: Placed, call: Call): Promise<void> {
  const { ModifyInstanceAttributeCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  const BlockDeviceMappings = (instance.BlockDeviceMappings ?? []).map(({ DeviceName }) => ({
    DeviceName,
    Ebs: { DeleteOnTermination: false },
  }));
  await session.clients.call(call.operation, () =>
    client.send(new ModifyInstanceAttributeCommand({ InstanceId: id, BlockDeviceMappings })),
  );
}
