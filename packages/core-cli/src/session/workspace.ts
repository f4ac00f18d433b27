import { type Configuration, loadConfiguration, type Selection, selectWorkspace } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from './surroundings.ts';

/** The workspace a command works in, with its resolved configuration. */
export interface WorkspaceSession {
  readonly selection: Selection;
  readonly configuration: Configuration;
}

/**
 * Selects the workspace by `-ws`, environment, directory or registry (03 §6).
 * @throws ProvisioningError `WORKSPACE_REQUIRED` (exit 3) and the others of `selectWorkspace`.
 */
export function select(
  command: ProvisioningCommand,
  infrastructure: 'required' | 'optional' | 'none',
): Promise<Selection> {
  const { workspace, infra } = command.globals;
  return selectWorkspace({ surroundings: surroundingsOf(command.runtime), workspace, infra, infrastructure });
}

/** The workspace and its configuration. Without a workspace, `optional` answers the user's own configuration. */
export async function openWorkspace(
  command: ProvisioningCommand,
  infrastructure: 'required' | 'optional' | 'none' = 'none',
): Promise<WorkspaceSession> {
  const selection = await select(command, infrastructure);
  return { selection, configuration: await configurationOf(command, selection) };
}

/** The configuration of a selection, or the user's own where there is none. */
export function configurationOf(command: ProvisioningCommand, selection?: Selection): Promise<Configuration> {
  return loadConfiguration({
    surroundings: surroundingsOf(command.runtime),
    environment: command.globals.environment ?? selection?.environment,
    ...(selection === undefined ? {} : { workspace: { name: selection.name, path: selection.path } }),
    ...(selection?.infra === undefined ? {} : { infra: selection.infra }),
  });
}
