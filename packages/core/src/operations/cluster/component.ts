import { type Context, type Operation, ProvisioningError } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { forgetComponent, recordComponent } from '../../cluster/state.ts';
import { observeTaskservs } from '../../taskserv/observe.ts';
import { taskservCreate } from '../taskserv/create.ts';
import type { TaskservResult } from '../taskserv/install.ts';
import { taskservDelete } from '../taskserv/delete.ts';
import { TaskservInput } from '../taskserv/input.ts';

export const ComponentInput = Type.Object({
  cluster: Type.String(),
  version: Type.String(),
  component: Type.String(),
  /** The component's taskserv on each of its servers. */
  deployments: Type.Array(TaskservInput),
  /** A failure leaves what was made. */
  keep_on_failure: Type.Optional(Type.Boolean()),
});
export type ComponentInput = Static<typeof ComponentInput>;

export interface ComponentResult {
  readonly component: string;
  readonly status: 'deployed';
  readonly results: readonly TaskservResult[];
  /** Servers that did not have it before; a rollback takes it away there and nowhere else. */
  readonly created: readonly string[];
}

/**
 * Deploys one component of a cluster: its taskserv on all its servers side by side. What was there before stays when it
 * is undone (07 §10.2.5-6).
 */
export const clusterComponent: Operation<typeof ComponentInput, ComponentResult> = {
  type: 'cluster.component',
  input: ComponentInput,

  async plan(context, { cluster, component, deployments }) {
    const absent = await absentServers(context, deployments);
    return [
      {
        action: absent.length === 0 ? 'unchanged' : 'create',
        kind: 'cluster',
        name: `${cluster}/${component}`,
        ...(absent.length === 0 ? {} : { reasons: [`not on ${absent.join(', ')}`] }),
      },
    ];
  },

  async run(context, input) {
    const { cluster, version, component, deployments } = input;
    const servers = deployments.map(({ server }) => server.hostname);
    context.report({ type: 'log', level: 'info', message: `Deploying component: ${component}` });
    const created = await context.step('observe', () => absentServers(context, deployments));
    const settled = await Promise.allSettled(deployments.map((one) => taskservCreate.run(context, one)));
    const at = { component, servers, deployed_at: new Date(context.now()).toISOString() };
    const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failed !== undefined) {
      const cause = ProvisioningError.from(failed.reason);
      if (input.keep_on_failure !== true) await takeAway(context, input, created);
      await recordComponent(context, cluster, version, { ...at, status: 'failed', error: cause.message });
      throw new ProvisioningError({
        ...cause.toJSON(),
        code: 'CLUSTER_COMPONENT_FAILED',
        message: `Cluster deployment failed at component: ${component}: ${cause.message}`,
        cause,
      });
    }
    await recordComponent(context, cluster, version, { ...at, status: 'deployed' });
    const results = settled.map((result) => (result as PromiseFulfilledResult<TaskservResult>).value);
    return { component, status: 'deployed', results, created };
  },

  async undo(context, input, output) {
    const left = await takeAway(context, input, output.created);
    if (left.length > 0) {
      throw new ProvisioningError({
        code: 'ROLLBACK_INCOMPLETE',
        message: `Rollback incomplete: ${input.component} is still on ${left.join(', ')}`,
        hint: `Remove it with: provisioning taskserv delete ${input.deployments[0]?.taskserv.name} ${left[0]}`,
      });
    }
    if (output.created.length === input.deployments.length) {
      await forgetComponent(context, input.cluster, input.component);
    }
  },
};

/** Servers on which the taskserv is not installed yet. */
async function absentServers(
  context: Context,
  deployments: ComponentInput['deployments'],
): Promise<string[]> {
  const found = await Promise.all(
    deployments.map(async ({ server, taskserv }) => {
      const [observation] = await observeTaskservs(context, server, [taskserv]);
      return observation!.state === 'absent' ? [server.hostname] : [];
    }),
  );
  return found.flat();
}

/** Uninstalls where this run installed. Returns the servers on which that failed. */
async function takeAway(
  context: Context,
  input: ComponentInput,
  servers: readonly string[],
): Promise<string[]> {
  const left: string[] = [];
  for (const deployment of input.deployments) {
    const { hostname } = deployment.server;
    if (!servers.includes(hostname)) continue;
    context.report({ type: 'log', level: 'info', message: `Removing ${input.component} from ${hostname}` });
    const request = { ...deployment, cleanup_data: false };
    await taskservDelete.run(context, request).catch(() => left.push(hostname));
  }
  return left;
}
