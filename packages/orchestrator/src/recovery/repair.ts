import type { PlanDefaults } from '../engine/plan.ts';
import type { Store, WorkflowRow } from '../journal/store.ts';
import { load, rowOf } from '../runtime/live.ts';

export interface Repair {
  readonly inconsistencies_found: number;
  readonly repairs_applied: number;
  readonly repaired_at: string;
  /** What was found, one line each. */
  readonly findings: readonly string[];
}

const page = 200;
const compared = ['status', 'phase', 'startedAt', 'completedAt', 'summary'] as const;

/**
 * Compares what lists show of every workflow with the fold of its journal, which alone is the truth, and puts right what
 * differs (12 §10 `orchestrator repair`).
 * @param moving whether a workflow is being written to; those are right by themselves
 */
export async function repairStore(
  store: Store,
  defaults: PlanDefaults,
  options: { readonly check: boolean; readonly moving: (id: string) => boolean; readonly now: () => number },
): Promise<Repair> {
  const findings: string[] = [];
  const repaired: WorkflowRow[] = [];
  for (let after = 0; ;) {
    const rows = await store.workflowsAfter(after, page);
    for (const row of rows) {
      if (options.moving(row.id)) continue;
      const folded = rowOf(await load(store, row, defaults));
      const wrong = compared.filter((key) => folded[key] !== row[key]);
      if (wrong.length === 0 || options.moving(row.id)) continue;
      findings.push(`workflow ${row.id}: ${wrong.join(', ')} differ from the journal`);
      repaired.push({ ...folded, definition: undefined, submission: undefined });
    }
    if (rows.length < page) break;
    after = rows.at(-1)!.number;
  }
  if (!options.check && repaired.length > 0)
    await store.append({ entries: [], workflows: repaired, records: [] });
  return {
    inconsistencies_found: findings.length,
    repairs_applied: options.check ? 0 : repaired.length,
    repaired_at: new Date(options.now()).toISOString(),
    findings,
  };
}
