import { type InitResult, initRepository, loadModules, pushWorkspace } from '@provisioning/core';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openTarget } from '../session/modules.ts';

/** Loads modules into a new workspace. It stays when that fails; the command says what to repeat (03 §4.2). */
export async function takeModules(
  command: ProvisioningCommand,
  { name, path, infra }: InitResult,
  names: readonly string[],
): Promise<void> {
  const place = infra === undefined ? name : `${name}:${infra}`;
  try {
    const { target, catalogue } = await openTarget(command, place);
    await loadModules({ catalogue, kind: 'taskserv', target, names, dependencies: true });
  } catch (thrown) {
    command.out.warn(`The workspace is at ${path}, and its modules were not loaded`);
    command.out.info(`Repeat it: provisioning module load taskserv ${place} ${names.join(' ')}`);
    throw asProvisioningError(thrown);
  }
}

/** Makes the repository and pushes it; where the remote is away the local repository stays (03 §14). */
export async function setUpRepository(
  command: ProvisioningCommand,
  path: string,
  remote: string | undefined,
): Promise<void> {
  await initRepository(path, remote);
  if (remote === undefined) return;
  try {
    await pushWorkspace(path);
  } catch (thrown) {
    command.out.warn(`The repository is not at its remote: ${asProvisioningError(thrown).message}`);
    command.out.info('Push it later: provisioning workspace push');
    command.exitCode = 1;
  }
}
