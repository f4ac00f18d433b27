import { type GraphEvent, type NodeResult, type Project, runGraph } from '@provisioning/core';
import type { OperationNode, Progress } from '@provisioning/extensions-sdk';
import type { Display } from '../live/display.ts';
import type { OperationView, WorkflowView } from '../live/view.ts';

export interface DirectOptions {
  readonly project: Project;
  readonly view: WorkflowView;
  readonly display: Display;
  readonly nodes: readonly OperationNode[];
  readonly rollback?: boolean;
  readonly parallel?: number;
  readonly signal: AbortSignal;
  now(): number;
}

/** Runs operations in this process (12 §1 "direct") and keeps the view of them up to date. */
export async function runDirect(options: DirectOptions): Promise<void> {
  const { view, signal } = options;
  view.startedAt = options.now();
  view.status = 'Running';
  const results = await runGraph(options.project, options.nodes, {
    runId: `direct/${view.startedAt}`,
    signal,
    rollback: options.rollback,
    parallel: options.parallel,
    onEvent: (event) => applyGraphEvent(options, event),
  });
  const failed = results.filter(({ status }) => status === 'failed');
  view.status = signal.aborted ? 'Cancelled' : failed.length > 0 ? 'Failed' : 'Completed';
  view.endedAt = options.now();
  view.error = failed[0]?.error?.message;
}

function applyGraphEvent(options: DirectOptions, event: GraphEvent): void {
  const { id } = event.node;
  if (event.type === 'progress') report(options, id, event.progress);
  else if (event.type === 'started')
    change(options, id, { status: 'Running', phase: 'running', startedAt: options.now() });
  else change(options, id, { ...endOf(event.result), endedAt: options.now() });
}

function endOf({ status, error }: NodeResult): Partial<OperationView> {
  if (status === 'completed') return { status: 'Completed', phase: 'done', progress: 100 };
  if (status === 'failed')
    return { status: 'Failed', phase: 'done', error: error?.message, hint: error?.hint };
  return status === 'skipped'
    ? { status: 'Cancelled', phase: 'skipped', error: 'what it depends on failed' }
    : { status: 'Cancelled', phase: 'done' };
}

function change({ view, display }: DirectOptions, id: string, values: Partial<OperationView>): void {
  const operation = view.operations.get(id)!;
  const from = operation.status;
  Object.assign(operation, values);
  display.event(undefined, { kind: 'operation', operation, from });
}

function report({ view, display }: DirectOptions, id: string, progress: Progress): void {
  const operation = view.operations.get(id)!;
  if (progress.type === 'log') {
    if (progress.level !== 'debug') operation.message = progress.message;
    view.log.push(`${operation.name}: ${progress.message}`);
    display.event(undefined, {
      kind: 'log',
      level: progress.level.toUpperCase(),
      message: progress.message,
      operation: id,
    });
    return;
  }
  if (progress.type === 'step') {
    operation.step = progress.step;
    operation.message = undefined;
  } else {
    operation.progress = progress.percent;
    operation.message = progress.message;
  }
  display.event(undefined, { kind: 'step', operation });
}
