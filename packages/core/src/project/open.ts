import {
  type Configuration,
  type Surroundings,
  loadConfiguration,
  userDirectories,
} from '../config/index.ts';
import { type Infrastructure, loadInfrastructure, providerServerDefaults } from '../infra/index.ts';
import { layerPlaces, layersAround, providerSettings, withLayers } from '../layers/index.ts';
import type { LinkedModules } from '../modules/index.ts';
import type { SignerLookup } from '../providers/profile.ts';
import { infraPath } from '../state/paths.ts';
import { Project, type ProjectOptions } from './project.ts';

export interface OpenProjectOptions {
  readonly surroundings: Surroundings;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
  readonly environment?: string;
  /** `import.meta.url` of the program: the product's own extensions are looked for beside it. */
  readonly moduleUrls: readonly string[];
  /** Values of command-line flags by dotted key. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly log?: ProjectOptions['log'];
  /** Of a service that runs on: what is linked is watched in environment `dev` (08 §5.1). */
  readonly linked?: LinkedModules;
  /** Who signed extensions, by the keys that the configuration trusts. */
  readonly signer?: (configuration: Configuration) => SignerLookup;
}

export interface OpenedProject extends AsyncDisposable {
  readonly project: Project;
  readonly configuration: Configuration;
  /** The definition with its layers (08 §6.2), loaded and validated when it is first asked for. */
  infrastructure(options?: { readonly settingsFile?: string }): Promise<Infrastructure>;
}

/**
 * Loads the configuration of a workspace and opens one of its infrastructures. Nothing is contacted.
 * @throws ProvisioningError kind `configuration` with file, line and key.
 */
export async function openProject(options: OpenProjectOptions): Promise<OpenedProject> {
  const { surroundings, workspace, infra } = options;
  const configuration = await loadConfiguration({
    surroundings,
    workspace,
    infra,
    environment: options.environment,
    flags: options.flags,
  });
  const directories = userDirectories(surroundings);
  const linked = configuration.environment === 'dev' ? options.linked : undefined;
  await linked?.watch([workspace.path, infraPath({ workspace, infra })]);
  const places = (): ReturnType<typeof layerPlaces> =>
    layerPlaces({
      catalogue: project.extensions,
      configuration,
      workspacePath: workspace.path,
      infra,
      environment: configuration.environment,
      env: surroundings.env,
      moduleUrls: options.moduleUrls,
    });
  const providerLayers = async (name: string) => layersAround(await places(), 'provider', name);
  const project: Project = new Project({
    workspace,
    infra,
    environment: configuration.environment,
    configuration,
    moduleUrls: options.moduleUrls,
    variables: surroundings.env,
    cachePath: directories.cache,
    dataPath: directories.data,
    userConfigPath: directories.config,
    log: options.log,
    ...(linked === undefined ? {} : { linkedInUse: (folder: string) => linked.inUse(folder) }),
    ...(options.signer === undefined ? {} : { signer: options.signer(configuration) }),
    providerLayers,
  });
  return {
    project,
    configuration,
    infrastructure: async ({ settingsFile } = {}) => {
      const definition = await loadInfrastructure({
        workspacePath: workspace.path,
        workspaceName: workspace.name,
        infra,
        environment: configuration.environment,
        settingsFile,
        configuration,
        surroundings,
        serverDefaults: (provider) =>
          providerServerDefaults(provider, {
            extensions: project.extensions,
            settings: (name) => providerSettings(name, { configuration, layers: providerLayers }),
          }),
        defaultProvider: String(configuration.get('providers.default') ?? 'local'),
      });
      return withLayers(definition, await places());
    },
    [Symbol.asyncDispose]: () => project.close(),
  };
}
