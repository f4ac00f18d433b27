import {
  type Change,
  type Context,
  type Operation,
  type OperationNode,
  ProvisioningError,
} from '@provisioning/extensions-sdk';
import type { Static, TSchema } from 'typebox';
import { executeGraph, type GraphPlace, type NodeResult } from '../run-graph.ts';

/** One operation that a batch carried out. */
export interface BatchMember {
  readonly node: OperationNode;
  readonly output: unknown;
}

export interface BatchResult {
  /** In the order in which they ended. */
  readonly members: readonly BatchMember[];
}

/** How one kind of batch becomes operations. */
export interface BatchKind<I extends TSchema> {
  readonly type: string;
  readonly input: I;
  /** The operations it stands for, planned against what is there. */
  members(context: Context, input: Static<I>): Promise<readonly OperationNode[]>;
  /** What `--check` says where the members cannot be planned yet. */
  foresee(input: Static<I>): readonly Change[];
  resources?(input: Static<I>): readonly string[];
}

/** Members of a batch that run side by side. */
const parallel = 10;
const membersStep = 'members';

/**
 * An operation made of others (12 §3): which ones, is planned when it begins and kept; each of them is a durable step of
 * its own, so that a retry or a restart goes on with what is left, and a rollback knows what was done.
 */
export function batchOperation<I extends TSchema>(
  kind: BatchKind<I>,
  operationOf: GraphPlace['operation'],
): Operation<I, BatchResult> {
  return {
    type: kind.type,
    input: kind.input,
    ...(kind.resources === undefined ? {} : { resources: (input: Static<I>) => kind.resources!(input) }),

    async plan(context, input) {
      let nodes: readonly OperationNode[];
      try {
        nodes = await kind.members(context, input);
      } catch (error) {
        if (ProvisioningError.from(error).code !== 'NO_SERVER') throw error;
        return kind.foresee(input);
      }
      const changes = await Promise.all(
        nodes.map((node) => operationOf(node).plan(memberContext(context, node), node.input as never)),
      );
      return changes.flat();
    },

    async run(context, input) {
      const nodes = await context.step(membersStep, () => kind.members(context, input));
      const members: BatchMember[] = [];
      const results = await executeGraph(
        { context: (_run, node) => memberContext(context, node), operation: operationOf },
        nodes,
        {
          parallel,
          runId: context.idempotencyKey,
          signal: context.signal,
          around: (node, work) => context.step(node.id, work),
          onEvent: (event) => {
            if (event.type !== 'ended') return;
            const { id, name, status, output } = event.result;
            if (status === 'completed') members.push({ node: event.node, output });
            context.report({ type: 'log', level: 'info', message: `${name}: ${status}` });
            const percent = (100 * members.length) / nodes.length;
            context.report({ type: 'percent', percent, message: `${id} ${status}` });
          },
        },
      );
      context.signal.throwIfAborted();
      refuseFailed(results);
      return { members };
    },

    async undo(context, _input, { members }) {
      const left: string[] = [];
      let cause: ProvisioningError | undefined;
      for (const { node, output } of members.toReversed()) {
        const { undo } = operationOf(node);
        // What a member that is still there was built on stays too.
        if (undo === undefined || isNeeded(node, members, left)) continue;
        try {
          await context.step(node.id, async () => {
            await undo(memberContext(context, node), node.input as never, output as never);
          });
        } catch (error) {
          cause = ProvisioningError.from(error);
          left.push(node.id);
        }
      }
      if (cause === undefined) return;
      throw new ProvisioningError({
        ...cause.toJSON(),
        code: 'ROLLBACK_INCOMPLETE',
        message: `Rollback incomplete: ${left.join(', ')}: ${cause.message}`,
        cause,
      });
    },

    partial(_input, steps) {
      const nodes = steps.get(membersStep) as readonly OperationNode[] | undefined;
      const members = (nodes ?? []).flatMap((node): BatchMember[] => {
        if (steps.has(node.id)) return [{ node, output: steps.get(node.id) }];
        const output = operationOf(node).partial?.(node.input as never, stepsOf(node, steps));
        return output === undefined ? [] : [{ node, output }];
      });
      return members.length === 0 ? undefined : { members };
    },
  };
}

/** The context in which a member runs: its steps and its key are its own. */
function memberContext(context: Context, node: OperationNode): Context {
  return {
    ...context,
    idempotencyKey: `${context.idempotencyKey}/${node.id}`,
    step: (name, work) => context.step(`${node.id}/${name}`, work),
    report: (progress) => {
      if (progress.type === 'log')
        context.report({ ...progress, message: `${node.name}: ${progress.message}` });
      else if (progress.type === 'step')
        context.report({ ...progress, step: `${node.name}: ${progress.step}` });
    },
  };
}

function stepsOf(node: OperationNode, steps: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  const prefix = `${node.id}/`;
  return new Map(
    [...steps]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

function isNeeded(node: OperationNode, members: readonly BatchMember[], left: readonly string[]): boolean {
  return members.some((other) => left.includes(other.node.id) && other.node.dependencies.includes(node.id));
}

/** The first failure decides; the others are told with it. A batch is worth another attempt when one of them is. */
function refuseFailed(results: readonly NodeResult[]): void {
  const failed = results.filter(({ status }) => status !== 'completed');
  const errors = failed.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]));
  const first = errors[0];
  if (first === undefined) return;
  throw new ProvisioningError({
    code: first.error.code,
    kind: first.error.kind,
    message: `${failed.length} of ${results.length} failed: ${errors.map(({ name, error }) => `${name}: ${error.message}`).join('; ')}`,
    hint: first.error.hint,
    retryable: errors.some(({ error }) => error.retryable === true),
  });
}
