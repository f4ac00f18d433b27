import {
  type LinkedModules,
  type OpenedProject,
  openProject,
  operationOf,
  operations,
  runOperation,
  type Surroundings,
} from '@provisioning/core';
import { signerLookup } from '@provisioning/distribution';
import { type Context, type OperationNode, ProvisioningError } from '@provisioning/extensions-sdk';
import type { PlannedOperation, WorkflowPlan } from '../engine/plan.ts';
import type { Execution, Executor } from './executor.ts';

export interface CoreExecutorOptions {
  readonly surroundings: Surroundings;
  readonly moduleUrls: readonly string[];
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
  /** Linked extensions that are being written. */
  readonly linked?: LinkedModules;
}

interface Opened {
  readonly project: Promise<OpenedProject>;
  users: number;
  closing: NodeJS.Timeout | undefined;
}

/** Milliseconds that a project stays open, with its connections, after its last operation. */
const idleTime = 30_000;

/** Runs the operations of `@provisioning/core`: the same objects that the command line runs directly. */
export class CoreExecutor implements Executor {
  readonly #options: CoreExecutorOptions;
  readonly #opened = new Map<string, Opened>();

  constructor(options: CoreExecutorOptions) {
    this.#options = options;
  }

  supports(type: string): boolean {
    return operations.has(type);
  }

  canUndo(type: string): boolean {
    return operations.get(type)?.undo !== undefined;
  }

  partial(type: string, input: unknown, steps: ReadonlyMap<string, unknown>): unknown {
    return operations.get(type)?.partial?.(input as never, steps);
  }

  resources(type: string, input: unknown): readonly string[] {
    try {
      return operations.get(type)?.resources?.(input as never) ?? [];
    } catch {
      // An input of another shape than its schema; validation has told or will tell.
      return [];
    }
  }

  validate(operation: PlannedOperation, workflow: WorkflowPlan): readonly string[] {
    try {
      operationOf(nodeOf(operation));
      return workflow.workspace?.path ? [] : ['the workflow names no workspace with its folder'];
    } catch (error) {
      return [ProvisioningError.from(error).message];
    }
  }

  plan(execution: Execution) {
    return this.#with(execution, (context) =>
      operationOf(nodeOf(execution.operation)).plan(context, execution.operation.input as never),
    );
  }

  run(execution: Execution): Promise<unknown> {
    return this.#with(execution, (context) => runOperation(nodeOf(execution.operation), context));
  }

  async undo(execution: Execution): Promise<void> {
    const { operation, steps } = execution;
    const output = execution.output ?? this.partial(operation.type, operation.input, steps);
    await this.#with(execution, async (context) => {
      await operationOf(nodeOf(operation)).undo?.(context, operation.input as never, output as never);
    });
  }

  async close(): Promise<void> {
    const all = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.allSettled(
      all.map(async ({ project, closing }) => {
        clearTimeout(closing);
        await (await project)[Symbol.asyncDispose]();
      }),
    );
  }

  async #with<T>(execution: Execution, work: (context: Context) => Promise<T>): Promise<T> {
    const { workflow, operation, signal, idempotencyKey, report } = execution;
    const infra = operation.infra ?? workflow.infra ?? '';
    // One project a workflow: it sees the configuration of its own time, and its servers share their connections.
    const key = `${workflow.id}/${infra}`;
    const opened = this.#open(key, workflow, infra);
    opened.users++;
    clearTimeout(opened.closing);
    try {
      const { project } = await opened.project;
      return await work(project.context({ idempotencyKey, signal, report, step: execution.step }));
    } finally {
      if (--opened.users === 0) opened.closing = setTimeout(() => this.#drop(key, opened), idleTime).unref();
    }
  }

  #open(key: string, workflow: WorkflowPlan, infra: string): Opened {
    const known = this.#opened.get(key);
    if (known) return known;
    const { surroundings, moduleUrls, log, linked } = this.#options;
    const { workspace, environment } = workflow;
    if (!workspace) {
      throw new ProvisioningError({
        code: 'WORKSPACE_MISSING',
        kind: 'usage',
        message: `Workflow '${workflow.name}' names no workspace`,
      });
    }
    const project = openProject({
      surroundings,
      workspace,
      infra,
      environment,
      moduleUrls,
      log,
      linked,
      signer: (configuration) => signerLookup(surroundings, configuration),
    });
    const opened: Opened = { project, users: 0, closing: undefined };
    this.#opened.set(key, opened);
    project.catch(() => this.#opened.delete(key));
    return opened;
  }

  #drop(key: string, opened: Opened): void {
    if (this.#opened.get(key) !== opened) return;
    this.#opened.delete(key);
    void opened.project.then((project) => project[Symbol.asyncDispose]()).catch(() => undefined);
  }
}

function nodeOf({ id, type, name, input, resources }: PlannedOperation): OperationNode {
  return { id, type, name, input, dependencies: [], resources };
}
