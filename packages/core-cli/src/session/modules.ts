import {
  type Configuration,
  ExtensionCatalogue,
  type LayerPlaces,
  LayerResolver,
  type ModuleTarget,
  type Selection,
  TemplateCatalogue,
  cataloguePackage,
  layerPlaces as placesOfLayers,
  moduleTarget,
  selectWorkspace,
  userDirectories,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from './surroundings.ts';
import { configurationOf, select } from './workspace.ts';

/** The workspace of the command line, or nothing where there is none; a wrong name is still an error. */
export async function selectIfAny(command: ProvisioningCommand): Promise<Selection | undefined> {
  const { workspace, infra } = command.globals;
  if (workspace !== undefined || infra !== undefined) return select(command, 'optional');
  return select(command, 'optional').catch(() => select(command, 'none').catch(() => undefined));
}

/** The extensions that a place sees. */
export function openCatalogue(
  command: ProvisioningCommand,
  place: { readonly workspacePath?: string; readonly infra?: string },
  refresh = false,
): ExtensionCatalogue {
  const surroundings = surroundingsOf(command.runtime);
  const { cache, config, data } = userDirectories(surroundings);
  const { env } = surroundings;
  return new ExtensionCatalogue(
    {
      ...place,
      dataPath: data,
      userConfigPath: config,
      user: env['PROVISIONING_WORKSPACE_USER'] ?? env['USER'],
      moduleUrls: [import.meta.url],
    },
    command.globals.check ? { refresh } : { cachePath: cache, refresh },
  );
}

/** The extensions of the current infrastructure or workspace, and of the product. */
export async function currentCatalogue(
  command: ProvisioningCommand,
  refresh = false,
): Promise<{ readonly catalogue: ExtensionCatalogue; readonly selection?: Selection }> {
  const selection = await selectIfAny(command);
  const place = selection === undefined ? {} : { workspacePath: selection.path, infra: selection.infra };
  return {
    catalogue: openCatalogue(command, place, refresh),
    ...(selection === undefined ? {} : { selection }),
  };
}

/** The place that TARGET names (08 §5), and the extensions it sees. */
export async function openTarget(
  command: ProvisioningCommand,
  text: string | undefined,
  refresh = false,
): Promise<{ readonly target: ModuleTarget; readonly catalogue: ExtensionCatalogue }> {
  const surroundings = surroundingsOf(command.runtime);
  const selection = await selectIfAny(command);
  const target = await moduleTarget(text, {
    cwd: surroundings.cwd,
    workspaceNamed: (name) =>
      selectWorkspace({ surroundings, workspace: name, infrastructure: 'none' }).then(
        ({ path }) => path,
        () => undefined,
      ),
    ...(selection === undefined
      ? {}
      : { current: { workspacePath: selection.path, infra: selection.infra } }),
  });
  return { target, catalogue: openCatalogue(command, target, refresh) };
}

/** Templates of a workspace and of the product. */
export async function openTemplates(workspacePath: string | undefined): Promise<TemplateCatalogue> {
  return new TemplateCatalogue({ workspacePath, corePath: await cataloguePackage([import.meta.url]) });
}

export interface LayerSession extends AsyncDisposable {
  readonly selection: Selection & { readonly infra: string };
  readonly resolver: LayerResolver;
}

/** The layers of an infrastructure; `infra` is a positional argument that replaces `--infra`. */
export async function openLayers(command: ProvisioningCommand, infra?: string): Promise<LayerSession> {
  if (infra !== undefined) command.globals = { ...command.globals, infra };
  const selection = await select(command, 'required');
  const configuration = await configurationOf(command, selection);
  const resolver = new LayerResolver(await layerPlaces(command, selection, configuration));
  return {
    selection: { ...selection, infra: selection.infra! },
    resolver,
    [Symbol.asyncDispose]: () => resolver.flush(),
  };
}

/** Where the layers of an infrastructure lie. */
export async function layerPlaces(
  command: ProvisioningCommand,
  { path, infra }: Selection,
  configuration: Configuration,
  catalogue = openCatalogue(command, { workspacePath: path, infra }),
): Promise<LayerPlaces> {
  return placesOfLayers({
    catalogue,
    configuration,
    workspacePath: path,
    infra,
    environment: configuration.environment,
    env: command.runtime.environment,
    moduleUrls: [import.meta.url],
  });
}
