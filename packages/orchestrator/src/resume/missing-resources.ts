import type { Change } from '@provisioning/extensions-sdk';
import type { OperationState, WorkflowState } from '../engine/state.ts';
import type { Execution, Executor } from '../execution/executor.ts';
import { assignmentOf } from '../runtime/work.ts';
import type { Live } from '../runtime/live.ts';

/** What was found out about completed operations before a workflow goes on. */
export interface Findings {
  /** Operations whose resources are not there any more: they run again. */
  readonly again: readonly number[];
  readonly warnings: readonly string[];
}

/** Providers asked at once. */
const atOnce = 8;
/** Milliseconds for one operation's answer. */
const patience = 30_000;

/**
 * Asks for every completed operation with resources whether what it made is still there (12 §8 "State validation"). One
 * that cannot be asked for, because what it stands on is gone, counts as gone with it; one that cannot be asked for
 * otherwise stays as it is, with a warning.
 */
export async function missingResources(live: Live, executor: Pick<Executor, 'plan'>): Promise<Findings> {
  const { state } = live;
  const asked = state.operations.filter(hasResources);
  const answers = new Map<number, 'there' | 'gone' | Error>();
  const queue = [...asked];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const answer = await executor.plan(executionOf(live, next.plan.index)).then(
        (changes) => (changes.some(isCreation) ? 'gone' : 'there'),
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      );
      answers.set(next.plan.index, answer);
    }
  };
  await Promise.all(Array.from({ length: state.plan.checkMode ? 0 : atOnce }, work));
  const gone = new Set([...answers].filter(([, answer]) => answer === 'gone').map(([op]) => op));
  const lost = (op: number): boolean =>
    gone.has(op) ||
    (answers.get(op) instanceof Error &&
      state.plan.operations[op]!.dependencies.some((edge) => lost(edge.operation)));
  const again = [...answers.keys()].filter(lost).sort((a, b) => a - b);
  const unsure = [...answers].filter(([op, answer]) => answer instanceof Error && !again.includes(op));
  return {
    again,
    warnings: [
      ...again.map(
        (op) => `Operation '${idOf(state, op)}': what it made is not there any more; it runs again`,
      ),
      ...unsure.map(
        ([op, error]) => `Operation '${idOf(state, op)}': cannot be checked: ${(error as Error).message}`,
      ),
    ],
  };
}

function hasResources({ status, plan, compensation }: OperationState): boolean {
  return status === 'Completed' && plan.resources.length > 0 && compensation !== 'done';
}

function isCreation({ action }: Change): boolean {
  return action === 'create';
}

function idOf({ plan }: WorkflowState, op: number): string {
  return plan.operations[op]!.id;
}

/** A look at an operation: nothing is journalled, nothing is told. */
function executionOf(live: Live, op: number): Execution {
  const assignment = assignmentOf(live, op, false);
  return {
    ...assignment,
    signal: AbortSignal.timeout(patience),
    idempotencyKey: `${assignment.workflow.id}/${assignment.operation.id}`,
    step: (_name, work) => work(),
    report: () => undefined,
  };
}
