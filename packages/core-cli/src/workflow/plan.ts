import type { Change } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { renderChanges } from '../plan/render.ts';
import { counted } from '../output/counted.ts';

/** What `submit --check` and `dry-run` tell of a workflow. */
export interface WorkflowPlan {
  readonly workflow: { readonly name: string; readonly operations: number };
  readonly warnings: readonly string[];
  /** Operations that run side by side, in the order of the groups. */
  readonly groups: readonly (readonly string[])[];
  readonly operations: readonly {
    readonly id: string;
    readonly type: string;
    readonly changes: readonly Change[];
    readonly unknown?: string;
  }[];
}

/** Order, parallel groups and the changes of each operation; nothing was changed and nobody was asked. */
export async function printPlan(command: ProvisioningCommand, plan: WorkflowPlan): Promise<void> {
  const { out } = command;
  const { style } = out;
  out.warn('Check mode: No changes will be made');
  if (command.globals.verbose) for (const warning of plan.warnings) out.warn(warning);
  const byId = new Map(plan.operations.map((operation) => [operation.id, operation]));
  await out.result(plan, () => [
    `${style.mark('ok')} Workflow valid: ${plan.workflow.name} (${counted(plan.workflow.operations, 'operation')})`,
    ...plan.groups.flatMap((group, index) => [
      '',
      `${index + 1}. ${group.length === 1 ? '' : `${group.length} side by side: `}${group.join(', ')}`,
      ...group.flatMap((id) => {
        const { type, changes, unknown } = byId.get(id)!;
        const lines = renderChanges(changes, style, { unchanged: true });
        const note = unknown === undefined ? 'nothing to change' : `known when it runs: ${unknown}`;
        return [`  ${style.strong(id)} (${type})`, ...(lines.length === 0 ? [`    ${note}`] : lines)];
      }),
    ]),
  ]);
}
