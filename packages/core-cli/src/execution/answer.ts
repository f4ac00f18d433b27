import type { Change } from '@provisioning/extensions-sdk';
import type { Execution } from './execute.ts';

/** The answer of an operation in a machine format (01 §5.6, S:4570). */
export function operationAnswer(
  operation: string,
  changes: readonly Change[],
  execution: Execution | undefined,
): unknown {
  const resources = changes
    .filter(({ action }) => action !== 'unchanged')
    .map(({ action, kind, name }) => ({ action, kind, name }));
  return {
    status: 'success',
    result: {
      operation,
      resources,
      metadata: { mode: execution?.mode ?? 'direct', state: execution?.state ?? 'unchanged' },
    },
    error: null,
    context: { workflow_id: execution?.workflowId ?? null, step: null },
  };
}
