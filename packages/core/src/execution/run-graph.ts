import {
  type Context,
  type Operation,
  type OperationNode,
  type Progress,
  ProvisioningError,
  type SerializedError,
} from '@provisioning/extensions-sdk';
import { runLogged } from './server-log.ts';

/** How one node of a graph ended. A node is skipped when one it depends on did not succeed. */
export interface NodeResult {
  readonly id: string;
  readonly name: string;
  readonly status: 'completed' | 'failed' | 'skipped' | 'cancelled';
  readonly output?: unknown;
  readonly error?: SerializedError;
}

export type GraphEvent =
  | { readonly type: 'started'; readonly node: OperationNode }
  | { readonly type: 'progress'; readonly node: OperationNode; readonly progress: Progress }
  | { readonly type: 'ended'; readonly node: OperationNode; readonly result: NodeResult };

/** What one run of an operation brings along. */
export interface RunOptions {
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
  readonly report?: (progress: Progress) => void;
  /** Durable steps of the orchestrator; by default a step just runs. */
  readonly step?: Context['step'];
  readonly now?: () => number;
}

/** Where the nodes of a graph run: a project, or an operation that is made of others. */
export interface GraphPlace {
  context(run: RunOptions, node: OperationNode): Context;
  /** The operation of a node. @throws ProvisioningError `UNKNOWN_OPERATION`, `INVALID_INPUT`. */
  operation(node: OperationNode): Operation;
}

export interface RunGraphOptions {
  /** Nodes running at once, default 5. */
  readonly parallel?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: GraphEvent) => void;
  /** Start of every idempotency key; the same for a repeated run of the same graph. */
  readonly runId: string;
  /** Undo, in reverse order, what this run did, when a node fails. Default false. */
  readonly rollback?: boolean;
  /** Called around each node's work; by default the work just runs. */
  readonly around?: <T>(node: OperationNode, work: () => Promise<T>) => Promise<T>;
}

/** A refused key or a full quota would fail the next server just the same. */
const hopeless: ReadonlySet<string> = new Set(['PROVIDER_AUTH', 'PROVIDER_QUOTA']);

/**
 * Runs a graph in this process, without a journal. Independent nodes run side by side; a failure
 * stops only what depends on it.
 */
export async function executeGraph(
  place: GraphPlace,
  graph: readonly OperationNode[],
  options: RunGraphOptions,
): Promise<readonly NodeResult[]> {
  for (const node of graph) place.operation(node);
  const results = new Map<string, NodeResult>();
  const done: { readonly node: OperationNode; readonly output: unknown }[] = [];
  const emit = options.onEvent ?? (() => undefined);
  const open = new Map(graph.map((node) => [node.id, node]));
  const running = new Set<Promise<void>>();
  const known = new Set(open.keys());
  // Types of operation no further one of which is begun (05 §7.3.9).
  const halted = new Set<string>();

  const settle = (node: OperationNode, result: NodeResult): void => {
    results.set(node.id, result);
    emit({ type: 'ended', node, result });
  };
  const run = async (node: OperationNode): Promise<void> => {
    emit({ type: 'started', node });
    try {
      const context = contextOf(place, node, options, emit);
      const work = () => runLogged(place.operation(node), node, context);
      const output = await (options.around?.(node, work) ?? work());
      done.push({ node, output });
      settle(node, { id: node.id, name: node.name, status: 'completed', output });
    } catch (error) {
      const status = options.signal?.aborted === true ? 'cancelled' : 'failed';
      const failure = ProvisioningError.from(error);
      if (hopeless.has(failure.code)) halted.add(node.type);
      settle(node, { id: node.id, name: node.name, status, error: failure.toJSON() });
    }
  };

  while (open.size > 0 || running.size > 0) {
    for (const node of [...open.values()]) {
      const waits = node.dependencies.filter((id) => known.has(id)).map((id) => results.get(id));
      const broken = waits.some((result) => result !== undefined && result.status !== 'completed');
      if (broken || halted.has(node.type) || options.signal?.aborted === true) {
        open.delete(node.id);
        settle(node, {
          id: node.id,
          name: node.name,
          status: broken || halted.has(node.type) ? 'skipped' : 'cancelled',
        });
      } else if (running.size < (options.parallel ?? 5) && waits.every((result) => result !== undefined)) {
        open.delete(node.id);
        const task = run(node).finally(() => running.delete(task));
        running.add(task);
      }
    }
    if (running.size > 0) await Promise.race(running);
    else if (open.size > 0 && ![...open.values()].some((node) => isReady(node, results, known))) break;
  }
  const failed = [...results.values()].some(({ status }) => status === 'failed');
  if (failed && options.rollback === true) await undo(place, done, options, emit);
  return graph.map((node) => results.get(node.id) ?? { id: node.id, name: node.name, status: 'skipped' });
}

/** False for the members of a cycle, which can never start. */
function isReady(
  node: OperationNode,
  results: ReadonlyMap<string, NodeResult>,
  known: ReadonlySet<string>,
): boolean {
  return node.dependencies.every((id) => !known.has(id) || results.has(id));
}

async function undo(
  place: GraphPlace,
  done: readonly { readonly node: OperationNode; readonly output: unknown }[],
  options: RunGraphOptions,
  emit: (event: GraphEvent) => void,
): Promise<void> {
  for (const { node, output } of done.toReversed()) {
    await place
      .operation(node)
      .undo?.(contextOf(place, node, options, emit), node.input as never, output as never);
  }
}

function contextOf(
  place: GraphPlace,
  node: OperationNode,
  { runId, signal }: RunGraphOptions,
  emit: (event: GraphEvent) => void,
) {
  const report = (progress: Progress) => emit({ type: 'progress', node, progress });
  return place.context({ idempotencyKey: `${runId}/${node.id}`, signal, report }, node);
}
