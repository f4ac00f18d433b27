import { interruptCompensations } from '../engine/rollback.ts';
import { pendingCommands } from '../engine/apply.ts';
import type { PlanDefaults } from '../engine/plan.ts';
import type { Store } from '../journal/store.ts';
import { load, type Live } from '../runtime/live.ts';
import { maxInterruptions, type Runtime } from '../runtime/runtime.ts';

/**
 * Takes up every unfinished workflow where its journal ends (12 §10 "Restart"). What was running when the process was
 * lost runs again under the same idempotency key; what was being cancelled is cancelled; timers are armed anew.
 * @param outlives whether other processes may have gone on with what was running
 * @returns the number of workflows taken up
 */
export async function recover(
  store: Store,
  runtime: Runtime,
  defaults: PlanDefaults,
  outlives: boolean,
): Promise<number> {
  const rows = await store.unfinished();
  for (const row of rows) {
    const live = await load(store, row, defaults);
    runtime.adopt(live);
    if (outlives) reattach(live, runtime);
    else interrupt(live, runtime);
    runtime.watchTimeout(live);
    runtime.follow(live, pendingCommands(live.state));
  }
  return rows.length;
}

/** Work that is in other hands stays there; the dispatcher finds out whether it is. */
function reattach(live: Live, runtime: Runtime): void {
  for (const { plan, status, phase, compensation } of live.state.operations) {
    const running = status === 'Running' && (phase === 'running' || phase === 'cancelling');
    if (running) runtime.reattach(live, plan.index, false);
    if (compensation === 'running') runtime.reattach(live, plan.index, true);
  }
}

/** What ran has lost its process: it is begun again, or ends, under the rules of a restart. */
export function interrupt(live: Live, runtime: Runtime): void {
  const { state } = live;
  interruptCompensations(state);
  for (const operation of state.operations) {
    const lost = operation.phase === 'running' || operation.phase === 'cancelling';
    if (operation.status !== 'Running' || !lost) continue;
    const at = Date.now();
    const op = operation.plan.index;
    if (state.cancel || state.timedOut) runtime.append(live, { type: 'OperationCancelled', at, op });
    else if (operation.interruptions + 1 >= maxInterruptions) {
      const message = `Operation interrupted ${maxInterruptions} times`;
      runtime.append(live, { type: 'OperationFailed', at, op, error: { code: 'INTERRUPTED', message } });
    } else runtime.append(live, { type: 'OperationInterrupted', at, op });
  }
}
