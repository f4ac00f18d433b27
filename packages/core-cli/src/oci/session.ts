import { type Configuration, type Selection, configuredMode, userDirectories } from '@provisioning/core';
import { ArtifactSession, type OciSettings, readOciSettings } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { configurationOf, select } from '../session/workspace.ts';
import type { RegistryFlags } from './flags.ts';
import { keepMemoryFlat } from './memory.ts';

/** Registries, cache and signature checks for one command; close it with `await using`. */
export interface OciSession extends AsyncDisposable {
  readonly artifacts: ArtifactSession;
  readonly configuration: Configuration;
  readonly selection?: Selection;
  readonly dataFolder: string;
  readonly cacheFolder: string;
}

/** Where plain names come from, instead of what the configuration says. */
export type SourceOverride = Partial<Pick<OciSettings, 'source' | 'indexUrl'>>;

/** Opens what an `oci` or `dep` command works with. A workspace is used when there is one. */
export async function openArtifacts(
  command: ProvisioningCommand,
  flags: RegistryFlags & { readonly 'verify-signature'?: boolean },
  workspace: 'required' | 'optional' = 'optional',
  source: SourceOverride = {},
): Promise<OciSession> {
  keepMemoryFlat();
  const selection =
    workspace === 'required'
      ? await select(command, 'none')
      : await select(command, 'none').catch((error: unknown) => {
          if (error instanceof ProvisioningError && error.code === 'WORKSPACE_REQUIRED') return undefined;
          throw error;
        });
  const configuration = await configurationOf(command, selection);
  const { environment } = command.runtime;
  const directories = userDirectories(surroundingsOf(command.runtime));
  const mode = await configuredMode(surroundingsOf(command.runtime));
  const settings = readOciSettings({
    get: (path) => configuration.get(path),
    environment,
    flags: {
      ...(flags.registry === undefined ? {} : { registry: flags.registry }),
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
      insecure: flags.insecure === true,
      offline: command.globals.offline,
      verifySignature: flags['verify-signature'] === true,
    },
    configFolder: directories.config,
    cacheFolder: directories.cache,
    ...(mode === undefined ? {} : { mode }),
  });
  const artifacts = new ArtifactSession({
    settings: { ...settings, ...source },
    environment,
    signal: command.signal,
    version: command.host.catalogue.version,
    dataFolder: directories.data,
    events: { warn: (message) => command.out.warn(message) },
  });
  return {
    artifacts,
    configuration,
    ...(selection === undefined ? {} : { selection }),
    dataFolder: directories.data,
    cacheFolder: settings.cacheFolder,
    [Symbol.asyncDispose]: () => artifacts.close(),
  };
}
