import {
  type Configuration,
  type LoadOptions,
  loadConfiguration,
  requireCompatible,
  type Selection,
  selectWorkspace,
} from '@provisioning/core';
import type { CommandClass, ProvisioningCommand } from '../frame/command.ts';
import { changesSomething } from '../frame/metadata.ts';
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
  infra = command.globals.infra,
): Promise<Selection> {
  const { workspace } = command.globals;
  return selectWorkspace({ surroundings: surroundingsOf(command.runtime), workspace, infra, infrastructure });
}

/**
 * The workspace and its configuration. A command that changes something is refused in a workspace of another version
 * (03 §8).
 */
export async function openWorkspace(
  command: ProvisioningCommand,
  infrastructure: 'required' | 'optional' | 'none' = 'none',
  infra?: string,
): Promise<WorkspaceSession> {
  const selection = await select(command, infrastructure, infra);
  const { spec } = command.constructor as unknown as CommandClass;
  if (changesSomething(spec) && spec.workspace !== false) {
    const notice = await requireCompatible(selection, command.host.catalogue.version);
    if (notice !== undefined) command.out.info(notice);
  }
  return { selection, configuration: await configurationOf(command, selection) };
}

/** What every load of the configuration for a command line starts from. */
export function loadOptionsOf(command: ProvisioningCommand, selection?: Selection): LoadOptions {
  const { environment, profile, region, config, offline } = command.globals;
  return {
    surroundings: surroundingsOf(command.runtime),
    flags: command.configurationFlags,
    offline,
    signal: command.signal,
    ...(environment === undefined ? {} : { environment }),
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
    ...(config === undefined ? {} : { configFile: config }),
    ...(selection === undefined ? {} : { workspace: { name: selection.name, path: selection.path } }),
    ...(selection?.infra === undefined ? {} : { infra: selection.infra }),
    ...(selection?.environment === undefined ? {} : { storedEnvironment: selection.environment }),
  };
}

const loaded = new WeakMap<ProvisioningCommand, Map<string, Configuration>>();

/** The configuration of a selection, or the user's own where there is none; read once for a command line. */
export async function configurationOf(
  command: ProvisioningCommand,
  selection?: Selection,
): Promise<Configuration> {
  const known = loaded.get(command) ?? new Map<string, Configuration>();
  loaded.set(command, known);
  const key = JSON.stringify([selection?.path, selection?.infra, selection?.environment]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const fresh = await loadConfiguration(loadOptionsOf(command, selection));
  if (known.size === 0) for (const warning of fresh.warnings) command.out.warn(warning);
  known.set(key, fresh);
  return fresh;
}

/** The workspace of the command line and its configuration, or the user's own configuration without one. */
export async function openConfiguration(
  command: ProvisioningCommand,
): Promise<{ readonly selection?: Selection; readonly configuration: Configuration }> {
  const selection = await selectOptional(command);
  return {
    configuration: await configurationOf(command, selection),
    ...(selection === undefined ? {} : { selection }),
  };
}

/** The workspace of the command line where there is one. One that is named and unknown is still an error. */
export async function selectOptional(command: ProvisioningCommand): Promise<Selection | undefined> {
  const { workspace, infra } = command.globals;
  if (workspace !== undefined || infra !== undefined) return select(command, 'optional');
  return select(command, 'optional').catch(() => undefined);
}

/** The workspace with that name, or the selected one without a name. */
export function workspaceNamed(command: ProvisioningCommand, name?: string): Promise<Selection> {
  if (name === undefined) return select(command, 'none');
  return selectWorkspace({
    surroundings: surroundingsOf(command.runtime),
    workspace: name,
    infrastructure: 'none',
  });
}
