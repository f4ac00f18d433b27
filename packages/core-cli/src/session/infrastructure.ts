import {
  type Configuration,
  type Infrastructure,
  layersAround,
  loadInfrastructure,
  Project,
  providerServerDefaults,
  providerSettings,
  type Selection,
  userDirectories,
  withLayers,
} from '@provisioning/core';
import type { Context } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { applyRunset } from './configured.ts';
import { layerPlaces, openCatalogue } from './modules.ts';
import { signerLookup } from './signer.ts';
import { surroundingsOf } from './surroundings.ts';
import { openWorkspace } from './workspace.ts';

/** An infrastructure opened for a command: its definition, providers and connections. */
export interface InfrastructureSession extends AsyncDisposable {
  readonly selection: Selection & { readonly infra: string };
  readonly configuration: Configuration;
  readonly infrastructure: Infrastructure;
  readonly project: Project;
  readonly context: Context;
}

/** Opens the infrastructure of the command line, or the one named; close it with `await using`. */
export async function openInfrastructure(
  command: ProvisioningCommand,
  infra?: string,
): Promise<InfrastructureSession> {
  const { selection, configuration } = await openWorkspace(command, 'required', infra);
  const session = await openSelected(command, selection, configuration);
  if (infra === undefined) applyRunset(command, configuration, session.infrastructure);
  return session;
}

/** Opens the infrastructure that was selected. */
export async function openSelected(
  command: ProvisioningCommand,
  selection: Selection,
  configuration: Configuration,
): Promise<InfrastructureSession> {
  const infrastructure = await loadDefinition(command, selection, configuration);
  const project = new Project(projectOptions(command, selection, infrastructure, configuration));
  const context = project.context({ idempotencyKey: `cli/${process.pid}`, signal: command.signal });
  return {
    selection: { ...selection, infra: infrastructure.name },
    configuration,
    infrastructure,
    project,
    context,
    [Symbol.asyncDispose]: () => project.close(),
  };
}

/** The definition of the selected infrastructure. */
export async function loadDefinition(
  command: ProvisioningCommand,
  selection: Selection,
  configuration: Configuration,
  options: { readonly scale?: Readonly<Record<string, number>> } = {},
): Promise<Infrastructure> {
  const provider = configuration.get('providers.default');
  const extensions = openCatalogue(command, { workspacePath: selection.path, infra: selection.infra });
  const places = () => layerPlaces(command, selection, configuration, extensions);
  const definition = await loadInfrastructure({
    workspacePath: selection.path,
    workspaceName: selection.name,
    infra: selection.infra!,
    environment: configuration.environment,
    configuration,
    surroundings: surroundingsOf(command.runtime),
    serverDefaults: (name) =>
      providerServerDefaults(name, {
        extensions,
        settings: (provider) =>
          providerSettings(provider, {
            configuration,
            layers: async (one) => layersAround(await places(), 'provider', one),
          }),
      }),
    ...options,
    ...(command.globals.settings === undefined ? {} : { settingsFile: command.globals.settings }),
    ...(command.globals.timeout === undefined ? {} : { runningTimeout: Math.ceil(command.globals.timeout) }),
    ...(typeof provider === 'string' && provider !== '' ? { defaultProvider: provider } : {}),
  });
  return withLayers(definition, await places());
}

/** What a project of this command line is opened with. */
export function projectOptions(
  command: ProvisioningCommand,
  selection: Selection,
  infrastructure: Infrastructure,
  configuration: Configuration,
): ConstructorParameters<typeof Project>[0] {
  const directories = userDirectories(surroundingsOf(command.runtime));
  return {
    workspace: { name: selection.name, path: selection.path },
    infra: infrastructure.name,
    environment: infrastructure.environment,
    configuration,
    moduleUrls: [import.meta.url],
    variables: command.runtime.environment,
    cachePath: directories.cache,
    readOnly: command.globals.check,
    dataPath: directories.data,
    signer: signerLookup(surroundingsOf(command.runtime), configuration),
    providerLayers: async (name) =>
      layersAround(await layerPlaces(command, selection, configuration), 'provider', name),
    log: (level, message) => {
      if (level === 'warn' || level === 'error') command.out.warn(message);
      else if (level === 'info') command.out.info(message);
      else command.out.debug(message);
    },
  };
}
