import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Context, type Operation, ProvisioningError, Server } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { writeFileAtomic } from '../../files/atomic.ts';
import { serverHealth } from './health.ts';
import { type RolloutResult, rollOut } from '../../infra/rollout.ts';
import { infraPath } from '../../state/paths.ts';
import { asRoot, openHost, withReconnect } from '../../taskserv/host.ts';
import { serverDrift, serverUpdate, type UpdatedServer } from './update.ts';

const Input = Type.Object({
  servers: Type.Array(Type.Unsafe<Server>(Server), { minItems: 1 }),
  target_version: Type.String({ default: 'definition' }),
  batch_size: Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
  /** Milliseconds between the update of a batch and its health check. */
  interval: Type.Optional(Type.Integer({ minimum: 0, default: 30_000 })),
  /** A command that has to succeed on a server for it to be healthy. */
  health_command: Type.Optional(Type.String()),
  /** Go on where an earlier run stopped. */
  resume: Type.Optional(Type.Boolean()),
  /** Host on which `kubectl` works, for servers that are nodes. */
  control_plane: Type.Optional(Type.Object({ hostname: Type.String(), provider: Type.String() })),
});
type Input = Static<typeof Input>;

/**
 * Updates servers batch by batch (05 §8.2): drained where they are Kubernetes nodes, updated, looked at; an unhealthy
 * batch goes back to what it was and later ones are not touched. What is done is written down for `--resume`.
 */
export const serverRollout: Operation<typeof Input, RolloutResult> = {
  type: 'server.rollout',
  input: Input,

  plan: (context, { servers }) => Promise.all(servers.map((server) => serverDrift(context, server))),

  async run(context, input) {
    const servers = new Map(input.servers.map((server) => [server.hostname, server]));
    const progress = new Progress(context);
    const finished = input.resume === true ? await progress.read() : [];
    if (input.resume !== true) await progress.clear();
    const before = new Map<string, UpdatedServer>();
    const result = await rollOut(
      input.servers.map((server) => ({ name: server.hostname, controlPlane: isControlPlane(server) })),
      {
        update: async ({ name }) => {
          const server = servers.get(name)!;
          await onNode(context, input, server, 'drain');
          before.set(name, await serverUpdate.run(scoped(context, name), { server }));
          await onNode(context, input, server, 'uncordon');
        },
        health: (host) => unhealthy(context, input, servers.get(host.name)!),
        rollback: async ({ name }) => {
          const output = before.get(name);
          const server = servers.get(name)!;
          if (output !== undefined) await serverUpdate.undo?.(context, { server }, output);
          await onNode(context, input, server, 'uncordon').catch(() => undefined);
        },
        done: ({ name }) => progress.add(name),
      },
      {
        targetVersion: input.target_version,
        finished,
        signal: context.signal,
        now: () => new Date(context.now()),
        say: (line) => say(context, line),
        ...(input.batch_size === undefined ? {} : { batchSize: input.batch_size }),
        ...(input.interval === undefined ? {} : { interval: input.interval }),
      },
    );
    await progress.clear();
    return result;
  },

  resources: ({ servers }) => servers.map(({ hostname }) => `server/${hostname}`),
};

/** Steps of one server have names of their own, so that a replay finds them. */
function scoped(context: Context, hostname: string): Context {
  return { ...context, step: (name, work) => context.step(`${hostname}-${name}`, work) };
}

function say(context: Context, line: string): void {
  const failing = line.startsWith('Health check failed');
  context.report({ type: 'log', level: failing ? 'warn' : 'info', message: line });
}

function isControlPlane({ taskservs, labels }: Server): boolean {
  return labels['role'] === 'control-plane' || taskservs.some(({ name }) => name === 'etcd');
}

async function unhealthy(context: Context, input: Input, server: Server): Promise<string | undefined> {
  const [item] = await serverHealth(context, [server], {}, server.hostname);
  if (item?.healthy !== true) return item?.reason ?? 'it does not exist';
  if (input.health_command === undefined) return undefined;
  const command = input.health_command;
  const { code, stderr } = await withReconnect(context, async () => {
    const { transport } = await openHost(context, server, 10);
    return transport.run(command, { signal: context.signal, timeout: 60 });
  });
  return code === 0 ? undefined : `the health command answers ${code} ${stderr.trim()}`.trim();
}

/** Takes a Kubernetes node out of service, or back into it; other servers need neither. */
async function onNode(
  context: Context,
  { control_plane: host }: Input,
  server: Server,
  verb: 'drain' | 'uncordon',
): Promise<void> {
  if (host === undefined || !server.taskservs.some(({ name }) => name === 'kubernetes')) return;
  const { transport, access } = await openHost(context, host, 10);
  const options = verb === 'drain' ? ' --ignore-daemonsets --delete-emptydir-data --timeout=300s' : '';
  const { code, stderr } = await transport.run(
    `${asRoot(access)}kubectl ${verb} ${server.hostname}${options}`,
    {
      signal: context.signal,
      timeout: 330,
    },
  );
  if (code === 0) return;
  throw new ProvisioningError({
    code: 'NODE_NOT_DRAINED',
    message: `kubectl ${verb} ${server.hostname} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    hint: `Look at the node: provisioning server ssh ${host.hostname} kubectl get pods -A -o wide`,
  });
}

/** Servers that are done, kept between runs. */
class Progress {
  readonly #file: string;

  constructor(context: Context) {
    this.#file = join(infraPath(context), 'data', 'rollout.json');
  }

  async read(): Promise<readonly string[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => '[]');
    return JSON.parse(text) as string[];
  }

  async add(name: string): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true });
    await writeFileAtomic(this.#file, JSON.stringify([...(await this.read()), name]));
  }

  async clear(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
