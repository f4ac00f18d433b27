import { join } from 'node:path';
import {
  type Configuration,
  type ExtensionCatalogue,
  layersAround,
  Project,
  ProviderRegistry,
  providerProfile,
  type Selection,
  userDirectories,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { currentCatalogue, layerPlaces } from './modules.ts';
import { signerLookup } from './signer.ts';
import { surroundingsOf } from './surroundings.ts';
import { configurationOf } from './workspace.ts';

/** Providers opened for a command; works without a workspace too. */
export interface ProviderSession extends AsyncDisposable {
  readonly registry: ProviderRegistry;
  readonly catalogue: ExtensionCatalogue;
  readonly configuration: Configuration;
  readonly project: Project;
  readonly selection?: Selection;
}

/** Opens the providers of the current infrastructure, workspace or machine; close it with `await using`. */
export async function openProviders(command: ProvisioningCommand): Promise<ProviderSession> {
  const { catalogue, selection } = await currentCatalogue(command);
  const configuration = await configurationOf(command, selection);
  const directories = userDirectories(surroundingsOf(command.runtime));
  const { environment } = command.runtime;
  const signer = signerLookup(surroundingsOf(command.runtime), configuration);
  const project = new Project({
    // Without a workspace providers get an empty folder: they find no files there.
    workspace: {
      name: selection?.name ?? 'none',
      path: selection?.path ?? join(directories.cache, 'no-workspace'),
    },
    infra: selection?.infra ?? 'none',
    environment: configuration.environment,
    configuration,
    moduleUrls: [import.meta.url],
    variables: environment,
    cachePath: directories.cache,
    dataPath: directories.data,
    signer,
    ...(selection?.infra === undefined
      ? {}
      : {
          providerLayers: async (name: string) =>
            layersAround(await layerPlaces(command, selection, configuration), 'provider', name),
        }),
    log: (level, message) => {
      if (level === 'warn' || level === 'error') command.out.warn(message);
      else command.out.debug(message);
    },
  });
  const registry = new ProviderRegistry({
    catalogue,
    signer,
    configuration,
    profile: providerProfile(environment['PROVISIONING_PROFILE'], configuration.get('settings.profile')),
    open: (name) => project.provider(name),
    metadata: (name) => project.providerMetadata(name),
    statistics: project.providerStatistics,
  });
  return {
    registry,
    catalogue,
    configuration,
    project,
    ...(selection === undefined ? {} : { selection }),
    [Symbol.asyncDispose]: () => project.close(),
  };
}
