import type { Change } from '@provisioning/extensions-sdk';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { PlannedOperation, WorkflowPlan } from '../engine/plan.ts';
import type { Execution, Executor } from './executor.ts';

/** Several executors as one; the first that supports a type gets it. */
export class Executors implements Executor {
  readonly #list: readonly Executor[];

  constructor(list: readonly Executor[]) {
    this.#list = list;
  }

  supports(type: string): boolean {
    return this.#list.some((executor) => executor.supports(type));
  }

  canUndo(type: string, input?: unknown): boolean {
    return this.#list.some((executor) => executor.supports(type) && executor.canUndo(type, input));
  }

  partial(type: string, input: unknown, steps: ReadonlyMap<string, unknown>): unknown {
    return this.#list.find((executor) => executor.supports(type))?.partial?.(type, input, steps);
  }

  resources(type: string, input: unknown): readonly string[] {
    return this.#list.find((executor) => executor.supports(type))?.resources?.(type, input) ?? [];
  }

  validate(operation: PlannedOperation, workflow: WorkflowPlan): readonly string[] {
    return this.#of(operation.type).validate(operation, workflow);
  }

  plan(execution: Execution): Promise<readonly Change[]> {
    return this.#of(execution.operation.type).plan(execution);
  }

  run(execution: Execution): Promise<unknown> {
    return this.#of(execution.operation.type).run(execution);
  }

  undo(execution: Execution): Promise<void> {
    return this.#of(execution.operation.type).undo(execution);
  }

  async close(): Promise<void> {
    await Promise.all(this.#list.map((executor) => executor.close?.()));
  }

  #of(type: string): Executor {
    const executor = this.#list.find((candidate) => candidate.supports(type));
    if (executor) return executor;
    throw new ProvisioningError({
      code: 'UNSUPPORTED_OPERATION',
      message: `Unsupported operation type: ${type}`,
      hint: 'Load the extension that brings it, then resume the workflow',
    });
  }
}
