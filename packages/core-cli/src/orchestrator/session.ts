import { createClient, type OrchestratorClient } from '@provisioning/client';
import { type Configuration, userDirectories } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { checkService } from './compatibility.ts';
import { isServing, orchestratorHealth, startOrchestrator } from './control.ts';
import { type OrchestratorSettings, orchestratorSettings } from './settings.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { configurationOf, select } from '../session/workspace.ts';

/** The orchestrator's settings for this command line, with or without a workspace. */
export async function settingsFor(
  command: ProvisioningCommand,
  configuration?: Configuration,
): Promise<OrchestratorSettings> {
  const known =
    configuration ??
    (await configurationOf(command, await select(command, 'optional').catch(() => undefined)));
  const directories = userDirectories(surroundingsOf(command.runtime));
  const settings = orchestratorSettings(known, command.runtime.environment, directories.data);
  return command.globals.timeout === undefined ? settings : { ...settings, timeout: command.globals.timeout };
}

export function clientFor(command: ProvisioningCommand, settings: OrchestratorSettings): OrchestratorClient {
  const token = command.globals.token ?? command.runtime.environment['PROVISIONING_AUTH_TOKEN'];
  return createClient({
    endpoint: settings.endpoint,
    timeout: settings.timeout * 1000,
    ...(token === undefined ? {} : { token: () => token }),
  });
}

/**
 * A client of an orchestrator that answers. For reading only: nothing is started.
 * @throws ProvisioningError `ORCHESTRATOR_NOT_AVAILABLE`.
 */
export async function connect(
  command: ProvisioningCommand,
): Promise<{ readonly client: OrchestratorClient; readonly settings: OrchestratorSettings }> {
  const settings = await settingsFor(command);
  if (!(await orchestratorHealth(settings))) throw notAvailable(settings);
  await checkService(command, settings.endpoint);
  return { client: clientFor(command, settings), settings };
}

/**
 * A client of an orchestrator that accepts work, started when it does not run and may be started (12 §15).
 * @throws ProvisioningError `ORCHESTRATOR_NOT_AVAILABLE`, `ORCHESTRATOR_START_FAILED`.
 */
export async function connectForWork(
  command: ProvisioningCommand,
  configuration: Configuration,
): Promise<OrchestratorClient> {
  const settings = await settingsFor(command, configuration);
  if (!isServing(await orchestratorHealth(settings))) {
    if (!settings.enabled || !settings.autoStart) throw notAvailable(settings);
    command.out.progress('Starting required services...');
    await startOrchestrator({ settings, environment: command.runtime.environment, signal: command.signal });
  }
  await checkService(command, settings.endpoint);
  return clientFor(command, settings);
}

export function notAvailable(settings: OrchestratorSettings): ProvisioningError {
  return new ProvisioningError({
    code: 'ORCHESTRATOR_NOT_AVAILABLE',
    kind: 'unavailable',
    message: `Orchestrator not available at ${settings.endpoint}`,
    hint: 'Start it: provisioning orchestrator start',
  });
}
