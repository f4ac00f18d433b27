import { randomUUID } from 'node:crypto';
import type { Engine } from '../docker/client.ts';
import type { HostConfig, Ulimit } from '../docker/types.ts';
import { isPassing, labelKeys, managedBy } from '../server/labels.ts';
import { openFilesLimit } from './environment.ts';
import { probeRepository, probeRootFilesystem, probeTag } from './probe-image.ts';

/** What containers must be given so that they start under this engine. */
export interface ContainerSettings {
  /** Empty means that the engine's own limits work. */
  readonly ulimits: readonly Ulimit[];
  /** Whether memory and processor limits can be set. */
  readonly limits: boolean;
  /** Capabilities beyond the engine's default set. */
  readonly capabilities: readonly string[];
  /** What systemd needs as process 1: Podman prepares it by itself, Docker has to be told. */
  readonly init: 'podman' | 'docker-cgroup1' | 'docker-cgroup2';
}

export type ProbeResult =
  | { readonly works: true; readonly settings: ContainerSettings }
  | { readonly works: false; readonly reason: string };

/**
 * What a server may do beyond an ordinary container: set up its own network, trace its own processes, write audit
 * records (logins), make device nodes (packages do).
 */
const serverCapabilities = ['NET_ADMIN', 'NET_RAW', 'SYS_PTRACE', 'AUDIT_WRITE', 'MKNOD'];

/** Finds by starting real containers which settings work; the first set that does is taken. */
export async function probe(
  engine: Engine,
  architecture: string,
  cgroupVersion: string,
): Promise<ProbeResult> {
  const init = engine.isPodman ? 'podman' : cgroupVersion === '2' ? 'docker-cgroup2' : 'docker-cgroup1';
  const image = `${probeRepository}:${probeTag}`;
  try {
    if ((await engine.inspectImage(image)) === undefined) {
      await engine.importImage(await probeRootFilesystem(architecture), probeRepository, probeTag, [
        `LABEL ${labelKeys.image}=probe`,
      ]);
    }
  } catch (error) {
    return { works: false, reason: `an image cannot be imported: ${(error as Error).message}` };
  }
  await sweep(engine).catch(() => undefined);
  let reason = '';
  for (const settings of attempts(init)) {
    const failure = await start(engine, image, settings);
    if (failure === undefined) return { works: true, settings };
    reason = failure;
  }
  return { works: false, reason };
}

/** Removes what killed processes left behind; no probe and no preparation lives for an hour. */
export async function sweep(engine: Engine, seconds = 3_600): Promise<void> {
  const found = await engine.listContainers({ [managedBy.key]: managedBy.value });
  const limit = Date.now() / 1000 - seconds;
  for (const container of found.filter(isPassing)) {
    if (container.Created < limit) await engine.removeContainer(container.Id);
  }
}

/** One line for people: `runc, cgroup v1, open files 20000, with memory and processor limits`. */
export function describeSettings(settings: ContainerSettings): string {
  const files = settings.ulimits.find(({ Name }) => Name === 'nofile')?.Hard;
  return [
    files === undefined ? "the engine's own process limits" : `open files limited to ${files}`,
    settings.limits ? 'memory and processor limits' : 'no memory and processor limits (cgroups refuse them)',
    settings.capabilities.length > 0 ? 'network administration inside servers' : 'default capabilities',
  ].join(', ');
}

function* attempts(init: ContainerSettings['init']): Generator<ContainerSettings> {
  const lowest: Ulimit[] = [ulimit('nofile', 1024), ulimit('nproc', 4096)];
  const own = openFilesLimit();
  const limits = [
    [],
    ...(own === undefined || own <= 1024 ? [] : [[ulimit('nofile', own), ulimit('nproc', 4096)]]),
    lowest,
  ];
  for (const ulimits of limits) yield { ulimits, limits: true, capabilities: serverCapabilities, init };
  yield { ulimits: lowest, limits: true, capabilities: [], init };
  yield { ulimits: lowest, limits: false, capabilities: serverCapabilities, init };
  yield { ulimits: lowest, limits: false, capabilities: [], init };
  yield { ulimits: [], limits: false, capabilities: [], init };
}

async function start(
  engine: Engine,
  image: string,
  settings: ContainerSettings,
): Promise<string | undefined> {
  let id: string | undefined;
  try {
    id = await engine.createContainer(`prov-probe-${randomUUID().slice(0, 8)}`, {
      Image: image,
      Cmd: ['/exit'],
      Labels: { [managedBy.key]: managedBy.value },
      HostConfig: {
        ...hostConfig(settings),
        ...(settings.limits ? { Memory: 64 * 1024 * 1024, NanoCpus: 1e9 } : {}),
        NetworkMode: 'none',
      },
    });
    await engine.startContainer(id);
    const code = await engine.waitContainer(id);
    return code === 0 ? undefined : `the probe container ended with ${code}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    if (id !== undefined) await engine.removeContainer(id).catch(() => undefined);
  }
}

function ulimit(name: string, value: number): Ulimit {
  return { Name: name, Soft: value, Hard: value };
}

/** The part of a container's configuration that the settings decide. */
export function hostConfig(settings: ContainerSettings): HostConfig {
  const docker: HostConfig =
    settings.init === 'podman'
      ? {}
      : {
          Tmpfs: { '/run': 'exec,mode=755', '/run/lock': '', '/tmp': 'exec,mode=1777' },
          ...(settings.init === 'docker-cgroup1'
            ? { Binds: ['/sys/fs/cgroup:/sys/fs/cgroup:ro'] }
            : { CgroupnsMode: 'private', Privileged: true }),
        };
  return {
    ...docker,
    ...(settings.ulimits.length > 0 ? { Ulimits: settings.ulimits } : {}),
    ...(settings.capabilities.length > 0 ? { CapAdd: settings.capabilities } : {}),
  };
}
