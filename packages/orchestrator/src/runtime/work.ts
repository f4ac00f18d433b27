import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Ticket } from '../engine/scheduler.ts';
import type { Assignment } from '../execution/executor.ts';
import type { Live } from './live.ts';

const noSteps: ReadonlyMap<string, unknown> = new Map();

/** What the scheduler needs to know of a ready operation or compensation. */
export function ticketOf({ state: { plan } }: Live, op: number, undo: boolean, since: number): Ticket {
  const operation = plan.operations[op]!;
  const scope = `${plan.workspace?.name ?? ''}/${operation.infra ?? ''}/`;
  return {
    workflow: plan.id,
    op,
    undo,
    type: operation.type,
    priority: operation.priority,
    weight: operation.weight,
    parallelLimit: plan.parallelLimit,
    locks: plan.checkMode ? [] : operation.resources.map((resource) => scope + resource).sort(),
    provider: operation.provider,
    cpuCores: operation.cpuCores,
    since,
  };
}

/** The attempt that is under way, as the dispatcher gets it. */
export function assignmentOf({ number, state }: Live, op: number, undo: boolean): Assignment {
  const own = state.operations[op]!;
  return {
    number,
    workflow: state.plan,
    operation: own.plan,
    attempt: undo ? own.compensationAttempt : own.attempt,
    run: own.interruptions,
    begun: own.begun,
    undo,
    output: own.output,
    steps: own.steps ?? noSteps,
  };
}

/** Key of an operation or its compensation among what stands in the scheduler's queue. */
export function queueKey(op: number, undo: boolean): string {
  return undo ? `undo:${op}` : `${op}`;
}

/** Whether nothing will happen to the workflow by itself. */
export function isResting({ state }: Live): boolean {
  if (state.phase === 'rolling_back') return false;
  return state.status === 'Completed' || state.status === 'Failed' || state.status === 'Cancelled';
}

export function cancelled(reason: string | undefined): ProvisioningError {
  return new ProvisioningError({
    code: 'CANCELLED',
    kind: 'interrupted',
    message: reason === undefined || reason === '' ? 'Cancelled' : `Cancelled: ${reason}`,
  });
}
