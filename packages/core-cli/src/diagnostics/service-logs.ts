import type { ProvisioningCommand } from '../frame/command.ts';
import { registryControl } from '../oci-registry/control.ts';
import { logFile } from '../orchestrator/control.ts';
import { RenderDaemonControl } from '../render/control.ts';
import { settingsFor } from '../orchestrator/session.ts';

/** Services of this user that write a log here. */
export const loggingServices = ['orchestrator', 'oci-registry', 'render-daemon'] as const;
export type LoggingService = (typeof loggingServices)[number];

/** Where each of them writes it; a registry that was never started has none. */
export async function serviceLogs(command: ProvisioningCommand): Promise<Map<LoggingService, string>> {
  const registry = await registryControl(command).current();
  return new Map<LoggingService, string>([
    ['orchestrator', logFile(await settingsFor(command))],
    ...(registry === undefined ? [] : [['oci-registry', registry.log] as const]),
    ['render-daemon', new RenderDaemonControl(command).logFile],
  ]);
}
