import { statfs } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ConnectedEngine, isFree } from '@provisioning/provider-local/engine';
import { modes } from '../catalogue/modes.ts';
import { type ContainerPlan, imageName } from '../plan/containers.ts';
import type { Installation } from '../plan/resolve.ts';
import { checkVersions, untilHealthy } from './answering.ts';
import {
  endedReason,
  label,
  ofInstallation,
  startWanted,
  wantedContainer,
  type WantedContainer,
} from './containers.ts';
import { type Difference, differenceOf } from './difference.ts';
import { ensureImage } from './images.ts';
import type { Record as Log } from './record.ts';
import type { AfterFailure } from '../wizard/ask.ts';

export interface Deployment {
  readonly installation: Installation;
  readonly containers: readonly ContainerPlan[];
  readonly connected: ConnectedEngine;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly record: Log;
  /** Folder of the configuration: what has to have room. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** What is kept of the secrets and files rendered before anything starts. */
  readonly prepare: { readonly render: () => Promise<string>; readonly secrets: () => Promise<string> };
  /** What is written when everything runs. */
  readonly register: () => Promise<string>;
  /** Asks what to do about a failure; without it everything is taken back. */
  readonly onFailure?: () => Promise<AfterFailure>;
}

export interface DeployResult {
  readonly difference: Difference;
}

/** Where a deployment stopped, and whether what it had started stays. */
export class DeploymentFailed extends Error {
  readonly step: number;
  readonly kept: boolean;

  constructor(step: number, cause: unknown, kept: boolean) {
    super(ProvisioningError.from(cause).message, { cause });
    this.step = step;
    this.kept = kept;
  }
}

type Undo = () => Promise<void>;

/**
 * Deploys the services (04 §7.6): what differs is replaced, what is the same stays, what is not wanted any more goes.
 * A failure or an interruption takes back what this run did.
 * @throws DeploymentFailed naming the step.
 */
export async function deploy(deployment: Deployment): Promise<DeployResult> {
  const { record, say, signal } = deployment;
  const undo: Undo[] = [];
  let number = 1;
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    number++;
    signal.throwIfAborted();
    say(`[${number}/8] ${name}`);
    record.write(name, 'started');
    const result = await work();
    record.write(name, 'done', typeof result === 'string' ? result : '');
    return result;
  };
  try {
    const wanted = await step('check prerequisites', () => prerequisites(deployment));
    await step('render', deployment.prepare.render);
    await step('keep secrets', deployment.prepare.secrets);
    const difference = await step('start services', () => start(deployment, wanted, undo));
    await step('smoke test', async () => {
      for (const { service, versionsUrl } of deployment.containers)
        if (versionsUrl !== undefined) await checkVersions(service, versionsUrl, signal);
    });
    await step('register', deployment.register);
    number++;
    // Nothing after this can fail: what was replaced is not needed any more.
    for (const { id } of difference.replaced)
      await deployment.connected.engine.removeContainer(id).catch(() => false);
    return { difference };
  } catch (error) {
    const { message, kind } = ProvisioningError.from(error);
    record.write('deployment', 'failed', message);
    const answer = kind === 'interrupted' ? 'remove' : await afterFailure(deployment, number, message);
    if (answer === 'keep') throw new DeploymentFailed(number, error, true);
    for (const one of undo.reverse())
      await one().catch((reason: unknown) =>
        record.write('undo', 'failed', ProvisioningError.from(reason).message),
      );
    record.write('deployment', 'undone');
    if (answer === 'retry') return deploy(deployment);
    throw new DeploymentFailed(number, error, false);
  }
}

/** Somebody who breaks off the question wants nothing left. */
async function afterFailure(
  { onFailure, say }: Deployment,
  step: number,
  message: string,
): Promise<AfterFailure> {
  if (onFailure === undefined) return 'remove';
  say(`Step ${step} failed: ${message}`);
  return onFailure().catch(() => 'remove' as const);
}

/** Room on the disk, images, free ports. */
async function prerequisites(deployment: Deployment): Promise<readonly WantedContainer[]> {
  const { installation, containers, connected, environment, signal, say, record, folder } = deployment;
  await checkDisk(folder, installation, record, say);
  const wanted: WantedContainer[] = [];
  for (const plan of containers) {
    signal.throwIfAborted();
    const options = {
      ...(installation.images === undefined ? {} : { from: installation.images }),
      environment,
      signal,
    };
    const image = await ensureImage(connected.engine, plan, options);
    record.write('image', image.loaded ? 'done' : 'note', `${imageName(plan)} ${image.id}`);
    wanted.push(wantedContainer(plan, installation, image, connected));
  }
  const running = await ofInstallation(connected.engine, installation.name);
  const held = new Set(
    running.filter(({ State }) => State === 'running').map(({ Labels }) => Labels[label.service]),
  );
  for (const { service, port } of containers) {
    if (held.has(service) || (await isFree(port))) continue;
    throw new ProvisioningError({
      code: 'PORT_IN_USE',
      kind: 'conflict',
      message: `Port ${port} of ${service} is in use by another program`,
      hint: `stop that program, or set ports.${service.replaceAll('-', '_')}`,
    });
  }
  return wanted;
}

/** A machine with less room than planned for is told of; one without any is refused. */
async function checkDisk(
  folder: string,
  { resources }: Installation,
  record: Log,
  say: (line: string) => void,
): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 1024 ** 3);
  if (free < 1) {
    throw new ProvisioningError({
      code: 'DISK_FULL',
      message: `Less than 1 GB is free in ${folder}`,
      hint: 'free some room, then run it again',
    });
  }
  if (free >= resources.diskGb) return;
  const message = `${free} GB are free in ${folder}, ${resources.diskGb} GB are planned for`;
  record.write('disk', 'note', message);
  say(`warning: ${message}`);
}

/** Brings the containers to what is wanted, in the order in which they need each other. */
async function start(
  deployment: Deployment,
  wanted: readonly WantedContainer[],
  undo: Undo[],
): Promise<Difference> {
  const { connected, installation, signal, say, record } = deployment;
  const { engine } = connected;
  const present = await ofInstallation(engine, installation.name);
  const difference = differenceOf(wanted, present);
  for (const line of difference.lines) say(`  ${line}`);
  for (const { id, container, running } of [...difference.replaced].reverse()) {
    const aside = `${container}-before-${id.slice(0, 12)}`;
    if (running) await engine.stopContainer(id, 30);
    undo.push(async () => {
      await engine.renameContainer(id, container).catch(() => undefined);
      if (running) await engine.startContainer(id);
    });
    await engine.renameContainer(id, aside);
    record.write('stop', 'done', container);
  }
  for (const one of wanted) {
    if (difference.kept.includes(one.plan.service)) continue;
    signal.throwIfAborted();
    await startOne(deployment, one, undo);
  }
  return difference;
}

async function startOne(
  { connected, installation, signal, say, record }: Deployment,
  one: WantedContainer,
  undo: Undo[],
): Promise<void> {
  const { engine } = connected;
  const { plan } = one;
  const labels = { [label.installation]: installation.name, [label.service]: plan.service };
  if ((await engine.inspectVolume(plan.volume)) === undefined) {
    undo.push(() => engine.removeVolume(plan.volume));
    await engine.createVolume(plan.volume, labels);
  }
  undo.push(async () => {
    // Also one whose making was cut off, whose id this run never learned; never one of somebody else.
    const made = await engine.inspectContainer(plan.container);
    if (made?.Config.Labels?.[label.installation] === installation.name)
      await engine.removeContainer(made.Id);
    record.write('start', 'undone', plan.service);
  });
  const id = await startWanted(engine, one);
  const { healthSeconds } = modes[installation.mode];
  await untilHealthy(plan, healthSeconds, () => endedReason(engine, id, plan.service), signal);
  record.write('start', 'done', plan.service);
  say(`  ${plan.service} is healthy`);
}
