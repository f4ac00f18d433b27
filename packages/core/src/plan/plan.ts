import type { Change, ChangeAction, OperationNode } from '@provisioning/extensions-sdk';

/** The difference between what is defined and what is there, and the graph of operations that removes it. */
export interface Plan {
  readonly workspace: string;
  readonly infra: string;
  readonly environment: string;
  /** Servers in the order of the definition, each followed by its taskservs. */
  readonly changes: readonly Change[];
  readonly graph: readonly OperationNode[];
  /** What can't be done by running the graph, in words; a deploy refuses while there are any. */
  readonly blocked: readonly string[];
  readonly warnings: readonly string[];
}

export type PlanSummary = Readonly<Record<ChangeAction, number>>;

export function summarize(plan: Plan): PlanSummary {
  const summary: Record<ChangeAction, number> = { create: 0, update: 0, replace: 0, delete: 0, unchanged: 0 };
  for (const { action } of plan.changes) summary[action] += 1;
  return summary;
}

export function hasChanges(plan: Plan): boolean {
  return plan.changes.some(({ action }) => action !== 'unchanged');
}
