import { withInfrastructureLock, writeInventory } from '@provisioning/core';
import { operationIdPattern, type WorkflowDefinition } from '@provisioning/client';
import { type OperationNode, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { asProvisioningError } from '../errors/as-error.ts';
import { createDisplay } from '../live/display.ts';
import type { WorkflowView } from '../live/view.ts';
import { watchWorkflow } from '../live/watch.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { connectForWork } from '../orchestrator/session.ts';
import { finishWatch } from '../workflow/watching.ts';
import { runDirect } from './direct.ts';
import { executionMode } from './mode.ts';

export interface Work {
  /** What the workflow is called: `deploy demo`. */
  readonly name: string;
  readonly kind: NonNullable<WorkflowDefinition['kind']>;
  /** Dotted id of the command, for the choice of the mode. */
  readonly command: string;
  readonly nodes: readonly OperationNode[];
  /** Return as soon as the workflow is accepted. */
  readonly background?: boolean;
  /** A failure undoes what was done, in reverse order. Default: what succeeded stays. */
  readonly rollback?: boolean;
  /** Operations at once. */
  readonly parallel?: number;
  /** Ends the work; default that of the command. A lost workspace lock aborts it. */
  readonly signal?: AbortSignal;
  /** The log tells the story of the work: all of it is shown. */
  readonly story?: boolean;
}

/** What happened to the work; `submitted` means that it goes on without us. */
export interface Execution {
  readonly mode: 'direct' | 'orchestrated';
  readonly state: 'completed' | 'submitted' | 'detached';
  readonly workflowId?: string;
  readonly view?: WorkflowView;
}

/**
 * Runs operations: through the orchestrator, shown live, or in this process (01 §9).
 * @throws ProvisioningError `WORKFLOW_FAILED` and what the orchestrator answers.
 */
export async function execute(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  work: Work,
): Promise<Execution> {
  const mode = executionMode({
    id: work.command,
    globals: command.globals,
    operations: work.nodes.length,
    slow: work.nodes.length > 1,
    configuration: session.configuration,
  });
  const client = mode === 'direct' ? undefined : await reach(command, session);
  try {
    return await (client === undefined
      ? withInfrastructureLock(session.context, () => runHere(command, session, work))
      : submit(command, session, work, client));
  } finally {
    await writeInventory(session.infrastructure).catch((error: unknown) =>
      command.out.warn(`The inventory was not written: ${asProvisioningError(error).message}`),
    );
  }
}

/** Nothing was sent to an orchestrator: it does not run, and could not be started. */
const unreachable: ReadonlySet<string> = new Set([
  ...['ORCHESTRATOR_NOT_AVAILABLE', 'ORCHESTRATOR_START_FAILED'],
  // Only the core is installed.
  'TOOL_NOT_FOUND',
]);

type Client = Awaited<ReturnType<typeof connectForWork>>;

/** The orchestrator, or nothing where the work may run here instead (12 §1.5). */
async function reach(
  command: ProvisioningCommand,
  session: InfrastructureSession,
): Promise<Client | undefined> {
  try {
    return await connectForWork(command, session.configuration);
  } catch (thrown) {
    const error = asProvisioningError(thrown);
    const guarded =
      session.infrastructure.environment === 'production' &&
      session.configuration.get('mode') === 'enterprise';
    const fallback = !guarded && session.configuration.get('orchestrator.fallback_to_direct') !== false;
    if (!unreachable.has(error.code) || !fallback || command.globals.orchestrated) throw error;
    if (error.code !== 'ORCHESTRATOR_NOT_AVAILABLE') command.out.warn(error.message);
    command.out.warn('Orchestrator not available, running directly');
    return undefined;
  }
}

async function submit(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  work: Work,
  client: Client,
): Promise<Execution> {
  const { selection, infrastructure } = session;
  const { workflow_id: workflowId } = await client.submit(
    {
      name: work.name,
      version: '1.0.0',
      kind: work.kind,
      workspace: { name: selection.name, path: selection.path },
      infra: infrastructure.name,
      environment: infrastructure.environment,
      ...(work.parallel === undefined ? {} : { parallel_limit: work.parallel }),
      ...(work.rollback === true
        ? { on_failure: 'rollback' as const, rollback_enabled: true }
        : { on_failure: 'continue' as const }),
      operations: work.nodes.map((node) => ({
        id: checkId(node.id),
        type: node.type,
        name: node.name,
        input: node.input,
        dependencies: [...node.dependencies],
        resources: [...(node.resources ?? [])],
      })),
    },
    { signal: work.signal ?? command.signal },
  );
  command.out.progress(`Workflow submitted: ${workflowId}`);
  if (work.background) {
    command.out.progress('Operation submitted in background');
    command.out.info(`Follow it: provisioning workflow status ${workflowId} --follow`);
    return { mode: 'orchestrated', state: 'submitted', workflowId };
  }
  const result = await watchWorkflow({
    client,
    workflowId,
    runtime: command.runtime,
    out: command.out,
    interruption: command.host.interruption,
    timeout: command.globals.timeout,
    story: work.story,
    revive: async () => {
      await connectForWork(command, session.configuration).catch((error: unknown) =>
        command.out.warn(asProvisioningError(error).message),
      );
    },
  });
  finishWatch(command.out, result);
  if (result.ended === 'detached') command.exitCode = 130;
  return {
    mode: 'orchestrated',
    state: result.ended === 'detached' ? 'detached' : 'completed',
    workflowId,
    view: result.view,
  };
}

function checkId(id: string): string {
  if (new RegExp(operationIdPattern).test(id)) return id;
  throw new ProvisioningError({
    code: 'INVALID_OPERATION_ID',
    kind: 'bug',
    message: `Operation id '${id}' is not valid`,
  });
}

async function runHere(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  work: Work,
): Promise<Execution> {
  const { runtime, out, host } = command;
  const view = newView(work);
  const signal = work.signal ?? command.signal;
  const display = createDisplay({ runtime, out, interruption: host.interruption, story: work.story }, view);
  display.start();
  try {
    await runDirect({
      project: session.project,
      view,
      display,
      nodes: work.nodes,
      rollback: work.rollback,
      ...(work.parallel === undefined ? {} : { parallel: work.parallel }),
      signal,
      now: () => runtime.now(),
    });
  } finally {
    display.stop();
  }
  if (signal.aborted) throw signal.reason;
  finishWatch(out, { view, ended: 'finished' });
  return { mode: 'direct', state: 'completed', view };
}

function newView(work: Work): WorkflowView {
  return {
    id: 'direct',
    name: work.name,
    status: 'Pending',
    phase: 'queued',
    progress: 0,
    remaining: null,
    log: [],
    operations: new Map(
      work.nodes.map((node) => [
        node.id,
        {
          id: node.id,
          name: node.name,
          type: node.type,
          dependencies: node.dependencies,
          status: 'Pending',
          phase: 'queued',
          progress: 0,
          attempt: 1,
        },
      ]),
    ),
  };
}
