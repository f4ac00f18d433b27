import { type Context, type Operation, ProvisioningError } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { forgetComponent, recordComponent } from '../../state/clusters.ts';
import { rollOut } from '../../infra/rollout.ts';
import { absentParts, kindOf, Part, placeOf } from './parts/index.ts';

export const ComponentInput = Type.Object({
  cluster: Type.String(),
  version: Type.String(),
  component: Type.String(),
  /** The taskserv behind a component of that type. */
  service: Type.Optional(Type.String()),
  parts: Type.Array(Part),
  /** The same parts as they are now, for the way back when an update fails. */
  previous: Type.Optional(Type.Array(Part)),
  /** Places updated at once (05 §8.2); by default all side by side. */
  rolling: Type.Optional(
    Type.Object({
      batch_size: Type.Integer({ minimum: 1, default: 1 }),
      /** Seconds between the update of a batch and its check. */
      interval: Type.Number({ minimum: 0, default: 30 }),
    }),
  ),
  /** A failure leaves what was made. */
  keep_on_failure: Type.Optional(Type.Boolean()),
});
export type ComponentInput = Static<typeof ComponentInput>;

export interface ComponentResult {
  readonly component: string;
  readonly status: 'deployed';
  readonly results: readonly unknown[];
  /** Places that did not have it before; a rollback takes it away there and nowhere else. */
  readonly created: readonly string[];
}

/**
 * Deploys one component of a cluster in all its places, side by side or in batches. What was there before stays when it
 * is undone; an update that fails goes back to what was (07 §10.2.5-6, §10.4).
 */
export const clusterComponent: Operation<typeof ComponentInput, ComponentResult> = {
  type: 'cluster.component',
  input: ComponentInput,

  async plan(context, { cluster, component, parts }) {
    const states = await Promise.all(parts.map((part) => kindOf(part).state(context, part)));
    const absent = parts.filter((_part, index) => states[index] === 'absent').map(placeOf);
    const different = parts.filter((_part, index) => states[index] === 'differs').map(placeOf);
    const reasons = [
      ...(absent.length === 0 ? [] : [`not on ${absent.join(', ')}`]),
      ...(different.length === 0 ? [] : [`not as defined on ${different.join(', ')}`]),
    ];
    return [
      {
        action: absent.length > 0 ? 'create' : different.length > 0 ? 'update' : 'unchanged',
        kind: 'cluster',
        name: `${cluster}/${component}`,
        ...(reasons.length === 0 ? {} : { reasons }),
      },
    ];
  },

  async run(context, input) {
    const { cluster, version, component, parts } = input;
    context.report({ type: 'log', level: 'info', message: `Deploying component: ${component}` });
    const created = await context.step('observe', async () =>
      (await absentParts(context, parts)).map(placeOf),
    );
    const record = {
      component,
      type: parts[0]?.kind ?? 'taskserv',
      ...(input.service === undefined ? {} : { service: input.service }),
      servers: parts.map(placeOf),
      deployed_at: new Date(context.now()).toISOString(),
    };
    try {
      const results =
        input.rolling === undefined
          ? await allAtOnce(context, parts)
          : await inBatches(context, input, created, input.rolling);
      await recordComponent(context, cluster, version, { ...record, status: 'deployed' });
      return { component, status: 'deployed', results, created };
    } catch (thrown) {
      const cause = ProvisioningError.from(thrown);
      if (input.keep_on_failure !== true) {
        await takeAway(context, input, created);
        await restore(context, input, created);
      }
      await recordComponent(context, cluster, version, {
        ...record,
        status: 'failed',
        error: cause.message,
      });
      throw new ProvisioningError({
        ...cause.toJSON(),
        code: 'CLUSTER_COMPONENT_FAILED',
        message: `Cluster deployment failed at component: ${component}: ${cause.message}`,
        cause,
      });
    }
  },

  async undo(context, input, output) {
    const left = await takeAway(context, input, output.created);
    if (left.length > 0) {
      throw new ProvisioningError({
        code: 'ROLLBACK_INCOMPLETE',
        message: `Rollback incomplete: ${input.component} is still on ${left.join(', ')}`,
        hint: `Remove it with: provisioning cluster delete ${input.cluster} --force`,
      });
    }
    if (output.created.length === input.parts.length) {
      await forgetComponent(context, input.cluster, input.component);
    }
  },
};

async function allAtOnce(context: Context, parts: readonly Part[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(parts.map((part) => kindOf(part).deploy(context, part)));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value);
}

/** Batch by batch, each checked before the next; an unhealthy one goes back and later ones are not touched. */
async function inBatches(
  context: Context,
  { parts, previous = [], version }: ComponentInput,
  created: readonly string[],
  { batch_size: batchSize, interval }: NonNullable<ComponentInput['rolling']>,
): Promise<unknown[]> {
  const byPlace = new Map(parts.map((part) => [placeOf(part), part]));
  const before = new Map(previous.map((part) => [placeOf(part), part]));
  const results: unknown[] = [];
  await rollOut(
    parts.map((part) => ({ name: placeOf(part) })),
    {
      update: async ({ name }) => {
        const part = byPlace.get(name)!;
        results.push(await kindOf(part).deploy(context, part));
      },
      health: async ({ name }) => {
        const part = byPlace.get(name)!;
        const state = await kindOf(part).state(context, part);
        return state === 'there' ? undefined : `it is ${state === 'absent' ? 'gone' : 'not as deployed'}`;
      },
      rollback: async ({ name }) => {
        const part = before.get(name);
        if (part !== undefined && !created.includes(name)) await kindOf(part).deploy(context, part);
      },
    },
    {
      targetVersion: version,
      batchSize,
      interval: interval * 1000,
      signal: context.signal,
      say: (message) => context.report({ type: 'log', level: 'info', message }),
    },
  );
  return results;
}

/** Takes away what this run made. Returns the places where that failed. */
async function takeAway(
  context: Context,
  input: ComponentInput,
  created: readonly string[],
): Promise<string[]> {
  const left: string[] = [];
  for (const part of input.parts.toReversed()) {
    const place = placeOf(part);
    if (!created.includes(place)) continue;
    context.report({ type: 'log', level: 'info', message: `Removing ${input.component} from ${place}` });
    // What this run made has no data yet that anybody could miss; a volume of it would be an orphan.
    const cleanupData = part.kind === 'resource' || part.kind === 'server';
    await kindOf(part)
      .remove(context, part, { cleanupData, force: true })
      .catch(() => left.push(place));
  }
  return left;
}

/** Brings back what was there before a failed update, as far as it can be. */
async function restore(
  context: Context,
  { component, previous = [], rolling }: ComponentInput,
  created: readonly string[],
): Promise<void> {
  // Batches have gone back on their own.
  if (rolling !== undefined) return;
  for (const part of previous) {
    const place = placeOf(part);
    if (created.includes(place)) continue;
    context.report({ type: 'log', level: 'info', message: `Restoring ${component} on ${place}` });
    await kindOf(part)
      .deploy(context, part)
      .catch((error: unknown) => {
        const message = `Rollback incomplete: ${component} on ${place}: ${ProvisioningError.from(error).message}`;
        context.report({ type: 'log', level: 'warn', message });
      });
  }
}
