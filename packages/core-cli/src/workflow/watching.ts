import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { WatchResult } from '../live/watch.ts';
import type { Printer } from '../output/printer.ts';

/**
 * The full id for what a person typed: an id, the unique beginning of one, or nothing for the newest workflow.
 * @throws ProvisioningError `WORKFLOW_NOT_FOUND` (exit 5).
 */
export async function newestWorkflow(
  client: { list(filter: { limit: number; kind?: string }): Promise<readonly { readonly id: string }[]> },
  typed: string | undefined,
  kind?: string,
): Promise<string> {
  if (typed !== undefined && typed.length >= 36) return typed;
  const records = await client.list({
    limit: typed === undefined ? 1 : 200,
    ...(kind === undefined ? {} : { kind }),
  });
  const found =
    typed === undefined
      ? records.slice(0, 1)
      : records.filter(({ id }) => id.startsWith(typed) || id.endsWith(typed));
  if (found.length === 1) return found[0]!.id;
  throw new ProvisioningError({
    code: found.length === 0 ? 'WORKFLOW_NOT_FOUND' : 'WORKFLOW_AMBIGUOUS',
    kind: found.length === 0 ? 'not-found' : 'usage',
    message:
      found.length === 0
        ? typed === undefined
          ? 'No workflows found'
          : `Workflow not found: ${typed}`
        : `Several workflows begin or end with ${typed}: ${found.map(({ id }) => id).join(', ')}`,
    hint: 'provisioning workflow list shows them all',
  });
}

/**
 * What is said after watching. A detached view ends well: the work goes on (12 §17).
 * @throws ProvisioningError `WORKFLOW_FAILED`, `WORKFLOW_CANCELLED`, `WATCH_TIMEOUT`.
 */
export function finishWatch(out: Printer, result: WatchResult): void {
  const { view, ended } = result;
  if (ended === 'detached') {
    out.info(
      `Workflow ${view.id} keeps running. Follow it: provisioning workflow status ${view.id} --follow`,
    );
    return;
  }
  if (ended === 'timeout') {
    throw new ProvisioningError({
      code: 'WATCH_TIMEOUT',
      message: 'Timed out; workflow continues',
      hint: `Follow it: provisioning workflow status ${view.id} --follow`,
    });
  }
  if (view.status === 'Completed') return;
  const failed = [...view.operations.values()].filter(({ status }) => status === 'Failed');
  const reasons = failed.map(
    ({ name, error }) => `  ${name}: ${(error ?? 'failed').replaceAll('\n', '\n  ')}`,
  );
  const succeeded = [...view.operations.values()].filter(({ status }) => status === 'Completed').length;
  throw new ProvisioningError({
    code: view.status === 'Cancelled' ? 'WORKFLOW_CANCELLED' : 'WORKFLOW_FAILED',
    message: [
      `Workflow ${view.status === 'Cancelled' ? 'cancelled' : 'failed'}: ${succeeded} succeeded, ${failed.length} failed`,
      ...(reasons.length > 0 ? reasons : view.error === undefined ? [] : [`  ${view.error}`]),
    ].join('\n'),
    hint: [
      ...new Set([...failed.map(({ hint }) => hint), view.hint].filter((hint) => hint !== undefined)),
      ...(view.id === 'direct' ? [] : [`Its log: provisioning workflow logs ${view.id}`]),
    ].join('\n'),
    details: { workflow_id: view.id, failed: failed.map(({ id, error }) => ({ operation: id, error })) },
  });
}
