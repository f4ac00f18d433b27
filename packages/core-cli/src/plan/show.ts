import type { Plan } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Printer } from '../output/printer.ts';
import { renderChanges, summaryLine } from './render.ts';

/** A plan in full: where it applies, the changes, what blocks it, the summary. */
export function showPlan(plan: Plan, out: Printer, options: { readonly unchanged: boolean }): string[] {
  const { style } = out;
  const changes = renderChanges(plan.changes, style, options);
  return [
    `${style.strong(`${plan.workspace}:${plan.infra}`)} (${plan.environment})`,
    ...(changes.length === 0 ? [] : ['', ...changes]),
    ...plan.warnings.map((warning) => `${style.mark('warning')} ${warning}`),
    ...plan.blocked.map((reason) => `${style.mark('error')} ${reason}`),
    '',
    summaryLine(plan.changes, style),
  ];
}

/**
 * Stops where a plan can't be carried out.
 * @throws ProvisioningError `PLAN_BLOCKED` with every reason.
 */
export function refuseBlocked(plan: Plan): void {
  if (plan.blocked.length === 0) return;
  throw new ProvisioningError({
    code: 'PLAN_BLOCKED',
    kind: 'conflict',
    message: `The plan can't be carried out: ${plan.blocked.length === 1 ? plan.blocked[0]! : `${plan.blocked.length} reasons`}`,
    issues: plan.blocked.length === 1 ? [] : plan.blocked.map((message) => ({ message })),
    hint: 'Nothing was changed. Put right what is named (what requires recreate: delete and create it), or leave it out with --target',
  });
}
