import { operations, type Project } from '@provisioning/core';
import { type OperationNode, type Progress, ProvisioningError } from '@provisioning/extensions-sdk';
import { asProvisioningError } from '../errors/as-error.ts';
import type { Display } from '../live/display.ts';
import type { OperationView, WorkflowView } from '../live/view.ts';

export interface DirectOptions {
  readonly project: Project;
  readonly view: WorkflowView;
  readonly display: Display;
  readonly nodes: readonly OperationNode[];
  readonly signal: AbortSignal;
  /** Operations at once, default 5. */
  readonly parallel?: number;
  now(): number;
}

/**
 * Runs operations in this process, in dependency order, several at once (12 §1 "direct"). Independent branches go on
 * after a failure; what depends on a failed operation is left out.
 */
export async function runDirect(options: DirectOptions): Promise<void> {
  const { view, nodes, signal } = options;
  const waiting = new Map(nodes.map((node) => [node.id, node]));
  const running = new Set<Promise<void>>();
  view.startedAt = options.now();
  view.status = 'Running';
  for (;;) {
    for (const node of [...waiting.values()]) {
      if (signal.aborted || running.size >= (options.parallel ?? 5)) break;
      const states = node.dependencies.map((id) => view.operations.get(id)?.status ?? 'Completed');
      if (states.some((state) => state === 'Failed' || state === 'Cancelled')) {
        waiting.delete(node.id);
        const failed = node.dependencies.find((id) => view.operations.get(id)?.status !== 'Completed');
        change(options, node.id, {
          status: 'Cancelled',
          phase: 'skipped',
          error: `dependency '${failed}' failed`,
        });
      } else if (states.every((state) => state === 'Completed')) {
        waiting.delete(node.id);
        const work = runNode(options, node).finally(() => running.delete(work));
        running.add(work);
      }
    }
    if (running.size > 0) await Promise.race(running);
    else if (signal.aborted || waiting.size === 0) break;
  }
  for (const id of waiting.keys()) change(options, id, { status: 'Cancelled', phase: 'done' });
  const failed = [...view.operations.values()].filter(({ status }) => status === 'Failed');
  view.status = signal.aborted ? 'Cancelled' : failed.length > 0 ? 'Failed' : 'Completed';
  view.endedAt = options.now();
  view.error = failed[0]?.error;
}

async function runNode(options: DirectOptions, node: OperationNode): Promise<void> {
  const operation = operations.get(node.type);
  change(options, node.id, { status: 'Running', phase: 'running', startedAt: options.now() });
  try {
    if (!operation)
      throw new ProvisioningError({
        code: 'UNKNOWN_OPERATION',
        message: `Unsupported operation type: ${node.type}`,
      });
    const context = options.project.context({
      idempotencyKey: `direct/${node.id}`,
      signal: options.signal,
      report: (progress) => report(options, node.id, progress),
    });
    await operation.run(context, node.input);
    change(options, node.id, { status: 'Completed', phase: 'done', progress: 100, endedAt: options.now() });
  } catch (thrown) {
    const error = asProvisioningError(thrown);
    change(options, node.id, {
      status: 'Failed',
      phase: 'done',
      error: error.message,
      hint: error.hint,
      endedAt: options.now(),
    });
  }
}

function change({ view, display }: DirectOptions, id: string, values: Partial<OperationView>): void {
  const operation = view.operations.get(id)!;
  const from = operation.status;
  Object.assign(operation, values);
  display.event(undefined, { kind: 'operation', operation, from });
}

function report({ view, display }: DirectOptions, id: string, progress: Progress): void {
  const operation = view.operations.get(id)!;
  if (progress.type === 'step') {
    operation.step = progress.step;
    operation.message = undefined;
  } else if (progress.type === 'percent') {
    operation.progress = progress.percent;
    operation.message = progress.message;
  } else {
    if (progress.level !== 'debug') operation.message = progress.message;
    view.log.push(`${operation.name}: ${progress.message}`);
    const level = progress.level.toUpperCase();
    display.event(undefined, { kind: 'log', level, message: progress.message, operation: id });
    return;
  }
  display.event(undefined, { kind: 'step', operation });
}
