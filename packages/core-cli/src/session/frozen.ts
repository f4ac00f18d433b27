import {
  ExtensionCatalogue,
  Project,
  layerPlaces,
  loadConfiguration,
  openFrozen,
  userDirectories,
  withLayers,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { type InfrastructureSession, projectOptions } from './infrastructure.ts';
import { surroundingsOf } from './surroundings.ts';
import { loadOptionsOf, openWorkspace } from './workspace.ts';

/**
 * Opens the infrastructure as a frozen version says it, with the extensions of that version alone; servers, their state
 * and keys are those of the workspace (03 §11).
 * @throws ProvisioningError `FROZEN_NOT_FOUND` (5), `FROZEN_MODIFIED`, `FROZEN_DIFFERS` (1)
 */
export async function openFrozenInfrastructure(
  command: ProvisioningCommand,
  version: string,
): Promise<InfrastructureSession> {
  const surroundings = surroundingsOf(command.runtime);
  const { selection } = await openWorkspace(command, 'required');
  const frozen = await openFrozen(surroundings, selection, version, selection.infra!, {
    configure: (path, environment) =>
      loadConfiguration({
        ...loadOptionsOf(command, selection),
        environment,
        workspace: { name: selection.name, path },
      }),
  });
  const configuration = frozen.configuration!;
  const { environment } = frozen.manifest;
  const infrastructure = await withLayers(
    frozen.infrastructure,
    await layerPlaces({
      catalogue: new ExtensionCatalogue({ moduleUrls: [], only: frozen.extensionsPath }),
      configuration,
      workspacePath: frozen.workspacePath,
      infra: selection.infra,
      environment,
      env: surroundings.env,
      moduleUrls: [],
    }),
  );
  const project = new Project({
    ...projectOptions(command, selection, infrastructure, configuration),
    extensionsOnly: frozen.extensionsPath,
    cachePath: userDirectories(surroundings).cache,
  });
  return {
    selection: { ...selection, infra: infrastructure.name },
    configuration,
    infrastructure,
    project,
    context: project.context({ idempotencyKey: `cli/${process.pid}`, signal: command.signal }),
    [Symbol.asyncDispose]: () => project.close(),
  };
}
