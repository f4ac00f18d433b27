import type { WorkflowDefinition } from '@provisioning/client';
import type { ProvisioningCommand } from '../frame/command.ts';
import { askProgram } from '../orchestrator/run-program.ts';
import { settingsFor } from '../orchestrator/session.ts';
import { configurationOf, select } from '../session/workspace.ts';

/** A workflow with where it belongs: the workspace, infrastructure and environment of the command line. */
export async function placed(
  command: ProvisioningCommand,
  workflow: WorkflowDefinition,
): Promise<WorkflowDefinition> {
  const selection = await select(command, 'optional').catch(() => undefined);
  const { environment } = await configurationOf(command, selection);
  return {
    ...(selection === undefined ? {} : { workspace: { name: selection.name, path: selection.path } }),
    ...(selection?.infra === undefined ? {} : { infra: selection.infra }),
    environment,
    ...workflow,
  };
}

/** Asks the orchestrator's program on this machine; no service is contacted or started. */
export async function askHere<T>(
  command: ProvisioningCommand,
  word: 'validate' | 'plan',
  request: object,
): Promise<T> {
  const { environment, cwd } = command.runtime;
  const settings = await settingsFor(command);
  return askProgram<T>(word, request, { settings, environment, cwd, signal: command.signal });
}
