import type { WorkflowState } from '../engine/state.ts';

/** Progress of a workflow (12 §7): ended operations count whole, running ones by what they reported. */
export function workflowProgress(state: WorkflowState): { readonly percent: number; readonly ended: number } {
  const ended = state.completed + state.failed + state.cancelled;
  const total = state.operations.length;
  let running = 0;
  if (state.active > 0 && total <= 1000) {
    for (const operation of state.operations)
      if (operation.status === 'Running') running += operation.progress;
  }
  return { percent: Math.round((10 * (100 * ended + running)) / total) / 10, ended };
}
