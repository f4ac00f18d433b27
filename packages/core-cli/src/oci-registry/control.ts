import { join } from 'node:path';
import { userDirectories } from '@provisioning/core';
import { type LocalRegistry, RegistryControl } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';

/** The keeper of this user's local registry. */
export function registryControl(command: ProvisioningCommand): RegistryControl {
  const { data } = userDirectories(surroundingsOf(command.runtime));
  return new RegistryControl(join(data, 'oci-registry'));
}

/** The registry that was started here. @throws ProvisioningError `REGISTRY_NOT_STARTED`. */
export async function startedRegistry(
  control: RegistryControl,
): Promise<LocalRegistry & { readonly running: boolean }> {
  const registry = await control.current();
  if (registry !== undefined) return registry;
  throw new ProvisioningError({
    code: 'REGISTRY_NOT_STARTED',
    kind: 'not-found',
    message: 'No local registry was started',
    hint: 'Start it: provisioning oci-registry start',
  });
}

/** Program and arguments that run the embedded registry in the foreground: this very program. */
export function embeddedProgram(): { readonly program: string; readonly arguments: readonly string[] } {
  return {
    program: process.execPath,
    arguments: [...process.execArgv, process.argv[1]!, 'oci-registry', 'serve'],
  };
}

/** Address a person can use. */
export function endpointOf(registry: Pick<LocalRegistry, 'host' | 'port' | 'tls'>): string {
  return `${registry.tls ? 'https' : 'http'}://${registry.host}:${registry.port}`;
}
