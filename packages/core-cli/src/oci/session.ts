import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Configuration, type Selection, userDirectories } from '@provisioning/core';
import { ArtifactSession, type Mode, modeRules, readOciSettings } from '@provisioning/distribution';
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

/** The configured mode: `PROVISIONING_MODE`, else `active-mode.yaml` of the user's configuration (04 §2). */
export async function activeMode(
  environment: Readonly<Record<string, string | undefined>>,
  configFolder: string,
): Promise<Mode | undefined> {
  const text = await readFile(join(configFolder, 'active-mode.yaml'), 'utf8').catch(() => undefined);
  const named = environment['PROVISIONING_MODE'] ?? /^mode:\s*["']?([a-z-]+)/m.exec(text ?? '')?.[1];
  if (named === undefined || named === '') return undefined;
  const mode = { 'multi-user': 'multiuser', 'ci-cd': 'cicd' }[named] ?? named;
  if (mode in modeRules) return mode as Mode;
  throw new ProvisioningError({
    code: 'UNKNOWN_MODE',
    kind: 'usage',
    message: `Unknown mode: ${named}. Available modes: ${Object.keys(modeRules).join(', ')}`,
  });
}

/** Opens what an `oci` or `dep` command works with. A workspace is used when there is one. */
export async function openArtifacts(
  command: ProvisioningCommand,
  flags: RegistryFlags & { readonly 'verify-signature'?: boolean },
  workspace: 'required' | 'optional' = 'optional',
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
  const mode = await activeMode(environment, directories.config);
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
    settings,
    environment,
    signal: command.signal,
    version: command.host.catalogue.version,
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
