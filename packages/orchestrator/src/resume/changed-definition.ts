import { isDeepStrictEqual } from 'node:util';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseDependency, type StoredDefinition } from '../engine/plan.ts';

type Operation = WorkflowDefinition['operations'][number];

/** With what a workflow goes on. */
export interface Change {
  readonly definition: StoredDefinition;
  /** Operations that are not what they were: nothing of their earlier attempts counts. */
  readonly changed: readonly number[];
}

/**
 * The definition under which a workflow is resumed: what has completed is as it was, everything else may differ.
 * Operations keep their places, because the journal knows them by these; new ones come behind, and those that are
 * gone stay as removed.
 * @param completed ids of operations
 * @throws ProvisioningError `CONFLICT` naming the completed operations that differ (12 §8)
 */
export function changedDefinition(
  before: StoredDefinition,
  next: WorkflowDefinition,
  completed: ReadonlySet<string>,
): Change {
  const wanted = new Map(next.operations.map((operation) => [operation.id, operation]));
  const elsewhere = !isDeepStrictEqual(placeOf(before), placeOf(next));
  const differs = (operation: Operation): boolean => {
    const now = wanted.get(operation.id);
    if (now === undefined || elsewhere) return true;
    return !isDeepStrictEqual(wholeOf(operation, before), wholeOf(now, next));
  };
  const different = before.operations.filter(differs);
  const broken = different.filter(({ id }) => completed.has(id)).map(({ id }) => id);
  if (broken.length > 0) {
    throw new ProvisioningError({
      code: 'CONFLICT',
      kind: 'conflict',
      message: `Workflow definition changed: ${broken.join(', ')}`,
      hint: 'Operations that have completed must stay as they are; submit the file as a new workflow otherwise',
      details: broken.map((id) => ({ path: `/operations/${id}`, message: 'has completed' })),
    });
  }
  const known = new Set(before.operations.map(({ id }) => id));
  const operations = [
    ...before.operations.map((operation) => wanted.get(operation.id) ?? operation),
    ...next.operations.filter(({ id }) => !known.has(id)),
  ];
  const removed = before.operations.filter(({ id }) => !wanted.has(id)).map(({ id }) => id);
  const changedIds = new Set(different.map(({ id }) => id));
  return {
    definition: {
      ...next,
      workflow_id: before.workflow_id,
      operations,
      resumed: { revision: (before.resumed?.revision ?? 0) + 1, removed },
    },
    changed: before.operations.flatMap(({ id }, index) => (changedIds.has(id) ? [index] : [])),
  };
}

function placeOf({ workspace, infra, environment }: WorkflowDefinition): unknown[] {
  const name = typeof workspace === 'string' ? workspace : workspace?.name;
  return [name, infra, environment];
}

/** An operation with everything that it waits for, wherever that is written. */
function wholeOf(operation: Operation, { dependencies: shared }: WorkflowDefinition): unknown {
  const all = [...(operation.dependencies ?? []), ...(shared?.[operation.id] ?? [])].map(parseDependency);
  const waitsFor = all.map(({ id, hard }) => `${id} ${hard}`).sort();
  return JSON.parse(JSON.stringify({ ...operation, dependencies: waitsFor })) as unknown;
}
