import { withInfrastructureLock, writeGeneratedFiles } from '@provisioning/core';
import { operationIdPattern } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
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
import { keepResult } from './result-file.ts';
import type { Execution, Work } from './work.ts';

export type { Execution, Work };

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
    await writeGeneratedFiles(session.infrastructure).catch((error: unknown) =>
      command.out.warn(`Inventory and settings were not written: ${asProvisioningError(error).message}`),
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
  const keep = (state: Execution['state'], view?: WorkflowView) =>
    keepResult(command, session, work, { mode: 'orchestrated', state, workflowId, view });
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
    return keep('submitted');
  }
  const result = await watchWorkflow({
    client,
    workflowId,
    runtime: command.runtime,
    out: command.out,
    interruption: command.host.interruption,
    timeout: command.globals.timeout,
    story: work.story,
    times: infrastructure.settings.runset.use_time,
    revive: async () => {
      await connectForWork(command, session.configuration).catch((error: unknown) =>
        command.out.warn(asProvisioningError(error).message),
      );
    },
  });
  const outcome = await keep(result.ended === 'finished' ? 'completed' : 'detached', result.view);
  finishWatch(command.out, result);
  if (result.ended === 'detached') command.exitCode = 130;
  return outcome;
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
  const { story } = work;
  const times = session.infrastructure.settings.runset.use_time;
  const display = createDisplay({ runtime, out, interruption: host.interruption, story, times }, view);
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
  const outcome = await keepResult(command, session, work, { mode: 'direct', state: 'completed', view });
  if (signal.aborted) throw signal.reason;
  finishWatch(out, { view, ended: 'finished' });
  return outcome;
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
