import { type DetectOptions, type RuntimeSettings } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openConfiguration } from '../session/workspace.ts';
import { surroundingsOf } from '../session/surroundings.ts';

/** What looking for a container runtime needs to know, from the command line and the configuration. */
export async function runtimeOptions(command: ProvisioningCommand, refresh = false): Promise<DetectOptions> {
  const { configuration } = await openConfiguration(command);
  const settings = (configuration.get('integrations.runtime') ?? {}) as RuntimeSettings;
  return {
    surroundings: surroundingsOf(command.runtime),
    settings,
    refresh,
    readOnly: command.globals.check,
    signal: command.signal,
  };
}
