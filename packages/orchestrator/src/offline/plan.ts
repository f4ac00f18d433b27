import type { Change } from '@provisioning/extensions-sdk';
import { createLogger } from '@provisioning/service-kit';
import { compile, type WorkflowPlan } from '../engine/plan.ts';
import type { Execution, Executor } from '../execution/executor.ts';
import { planDefaultsOf, productExecutor } from '../program/executor.ts';
import type { ServiceOptions } from '../program/start.ts';
import { requireValid, validateWorkflow, type ValidationOptions } from '../validation/validate.ts';
import type { OfflineCommand } from './command.ts';

/** What `submit --check` shows of one operation. */
export interface PlannedStep {
  readonly id: string;
  readonly type: string;
  readonly dependencies: readonly string[];
  readonly changes: readonly Change[];
  /** Why its changes are not known before it runs. */
  readonly unknown?: string;
}

/** `{definition, strict}` → the findings (12 §3). */
export const validate: OfflineCommand = async ({ definition, strict }, options) =>
  validateWorkflow(definition, checks(options, strict === true));

/** `{definition, strict}` → order, groups that run side by side, and the changes of each operation; nothing is changed. */
export const plan: OfflineCommand = async ({ definition: given, strict }, options) => {
  const limits = checks(options, strict === true);
  const { definition, warnings } = requireValid(given, limits);
  const workflow = compile('check', definition, planDefaultsOf(options.settings));
  const groups = groupsOf(workflow);
  const steps: PlannedStep[] = [];
  for (const group of groups) {
    const planned = group.map((index) => stepOf(workflow, index, limits.executor as Executor));
    steps.push(...(await Promise.all(planned)));
  }
  await (limits.executor as Executor).close?.();
  return {
    check_mode: true,
    workflow: { name: definition.name, version: definition.version, operations: steps.length },
    warnings,
    groups: groups.map((group) => group.map((index) => workflow.operations[index]!.id)),
    operations: steps,
  };
};

function checks(options: ServiceOptions, strict: boolean): ValidationOptions {
  const logger = options.logger ?? createLogger('orchestrator', { level: 'fatal' });
  const executor = options.executor ?? productExecutor(options, logger, () => '');
  return { executor, maxOperations: options.settings.limits.max_operations, strict };
}

/** Operations by depth: those of a group depend only on earlier groups. */
function groupsOf({ operations }: WorkflowPlan): number[][] {
  const open = operations.map(({ dependencies }) => dependencies.length);
  const groups: number[][] = [];
  for (
    let group = operations.filter((_, index) => open[index] === 0).map(({ index }) => index);
    group.length > 0;
  ) {
    groups.push(group);
    const next: number[] = [];
    for (const index of group) {
      for (const { operation } of operations[index]!.dependents)
        if (--open[operation]! === 0) next.push(operation);
    }
    group = next;
  }
  return groups;
}

async function stepOf(workflow: WorkflowPlan, index: number, executor: Executor): Promise<PlannedStep> {
  const operation = workflow.operations[index]!;
  const execution: Execution = {
    number: 0,
    workflow: { ...workflow, checkMode: true },
    operation,
    attempt: 1,
    run: 0,
    begun: 0,
    undo: false,
    output: undefined,
    steps: new Map(),
    signal: new AbortController().signal,
    idempotencyKey: `check/${operation.id}`,
    step: (_name, work) => work(),
    report: () => undefined,
  };
  const { id, type } = operation;
  const dependencies = operation.dependencies.map((edge) => workflow.operations[edge.operation]!.id);
  try {
    return { id, type, dependencies, changes: await executor.plan(execution) };
  } catch (error) {
    // What it changes may depend on what another one makes first.
    return { id, type, dependencies, changes: [], unknown: (error as Error).message };
  }
}
