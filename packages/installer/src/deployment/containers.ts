import { createHash } from 'node:crypto';
import { writeTar } from '@provisioning/distribution';
import type {
  ConnectedEngine,
  ContainerSpec,
  ContainerSummary,
  Engine,
} from '@provisioning/provider-local/engine';
import type { ContainerPlan } from '../plan/containers.ts';
import type { Installation } from '../plan/resolve.ts';

/** Labels by which an installation finds what is its own. */
export const label = {
  installation: 'provisioning.installation',
  service: 'provisioning.service',
  digest: 'provisioning.installation.digest',
} as const;

/** A container as it is to be, with what tells whether one that runs is the same. */
export interface WantedContainer {
  readonly plan: ContainerPlan;
  readonly spec: ContainerSpec;
  readonly digest: string;
}

export function wantedContainer(
  plan: ContainerPlan,
  installation: Installation,
  image: { readonly name: string; readonly id: string },
  { settings, cores, engine }: ConnectedEngine,
): WantedContainer {
  const count = installation.services.filter(({ service }) => service.runs !== undefined).length;
  const { millicores, memoryMb } = installation.resources;
  const limits = settings.limits
    ? {
        NanoCpus: Math.min(millicores / 1000, cores) * 1e9,
        Memory: Math.floor(memoryMb / count) * 1024 * 1024,
      }
    : {};
  const spec: ContainerSpec = {
    Image: image.name,
    ...(plan.command === undefined ? {} : { Cmd: plan.command }),
    Env: Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
    Healthcheck: healthcheck(plan, engine),
    HostConfig: {
      NetworkMode: 'host',
      RestartPolicy: { Name: 'unless-stopped' },
      CapDrop: ['ALL'],
      Mounts: [{ Type: 'volume', Source: plan.volume, Target: plan.data }],
      ...(settings.ulimits.length > 0 ? { Ulimits: settings.ulimits } : {}),
      ...limits,
    },
  };
  const digest = createHash('sha256')
    .update(JSON.stringify([spec, image.id, plan.files]))
    .digest('hex');
  const labels = {
    [label.installation]: installation.name,
    [label.service]: plan.service,
    [label.digest]: digest,
  };
  return { plan, spec: { ...spec, Labels: labels }, digest };
}

/** The image asks at its usual port; Podman would need timers of systemd for it. */
function healthcheck({ health }: ContainerPlan, engine: Engine): NonNullable<ContainerSpec['Healthcheck']> {
  if (engine.isPodman || health.credentials !== undefined) return { Test: ['NONE'] };
  const words = ['wget', '-q', '-O', '/dev/null', health.url];
  return { Test: ['CMD', ...words], Interval: 30e9, Timeout: 5e9 };
}

export function ofInstallation(engine: Engine, name: string): Promise<readonly ContainerSummary[]> {
  return engine.listContainers({ [label.installation]: name });
}

/** Makes a container with its files and starts it. */
export async function startWanted(engine: Engine, { plan, spec }: WantedContainer): Promise<string> {
  const id = await engine.createContainer(plan.container, spec);
  try {
    if (plan.files.length > 0) {
      const files = plan.files.map(({ path, content }) => ({
        path: path.slice(1),
        content: Buffer.from(content),
        executable: false,
      }));
      await engine.putArchive(id, writeTar(files));
    }
    await engine.startContainer(id);
    return id;
  } catch (error) {
    await engine.removeContainer(id).catch(() => false);
    throw error;
  }
}

/** Why a container does not run any more, with the end of what it said; nothing while it runs. */
export async function endedReason(engine: Engine, id: string, service: string): Promise<string | undefined> {
  const details = await engine.inspectContainer(id);
  if (
    details !== undefined &&
    ['running', 'created', 'configured', 'initialized'].includes(details.State.Status)
  )
    return undefined;
  const words = await engine.logs(id, 5).catch(() => '');
  const said = words.trim() === '' ? '' : `: ${words.trim()}`;
  return `${service} ended with ${details?.State.ExitCode ?? 'its container removed'}${said}`;
}
