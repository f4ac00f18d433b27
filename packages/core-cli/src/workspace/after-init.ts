import {
  type Configuration,
  type CoreSettings,
  type CoreSource,
  giteaRemote,
  type InitResult,
  initRepository,
  loadModules,
  pushWorkspace,
} from '@provisioning/core';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openTarget } from '../session/modules.ts';

/** Where the core package comes from: `--dep-option`, else `dependencies.core` of the user's configuration (03 §4.4). */
export function coreSettings(configuration: Configuration, option: string | undefined): CoreSettings {
  const text = (key: string): string | undefined => {
    const value = configuration.get(`dependencies.core.${key}`);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const [url, tag, registry] = [text('url'), text('tag'), text('registry')];
  return {
    source: (option ?? 'workspace-home') as CoreSource,
    ...(url === undefined ? {} : { url }),
    ...(tag === undefined ? {} : { tag }),
    ...(registry === undefined ? {} : { registry }),
  };
}

/** Every infrastructure begins with the taskserv `os`; without it the workspace is a workspace all the same (03 §4.2). */
export async function takeDefaultModule(command: ProvisioningCommand, made: InitResult): Promise<void> {
  if (made.infra === undefined) return;
  try {
    await load(command, made, ['os']);
  } catch (thrown) {
    command.out.warn(`The module os was not loaded: ${asProvisioningError(thrown).message}`);
    command.out.info(`Repeat it: provisioning module load taskserv ${made.name}:${made.infra} os`);
  }
}

async function load(
  command: ProvisioningCommand,
  { name, infra }: InitResult,
  names: readonly string[],
): Promise<void> {
  const { target, catalogue } = await openTarget(command, infra === undefined ? name : `${name}:${infra}`);
  await loadModules({ catalogue, kind: 'taskserv', target, names, dependencies: true });
}

/** Loads modules into a new workspace. It stays when that fails; the command says what to repeat (03 §4.2). */
export async function takeModules(
  command: ProvisioningCommand,
  made: InitResult,
  names: readonly string[],
): Promise<void> {
  const { name, path, infra } = made;
  const place = infra === undefined ? name : `${name}:${infra}`;
  try {
    await load(command, made, names);
  } catch (thrown) {
    command.out.warn(`The workspace is at ${path}, and its modules were not loaded`);
    command.out.info(`Repeat it: provisioning module load taskserv ${place} ${names.join(' ')}`);
    throw asProvisioningError(thrown);
  }
}

/** Makes the repository and pushes it; where the remote is away the local repository stays (03 §14). */
export async function setUpRepository(
  command: ProvisioningCommand,
  { name, path }: Pick<InitResult, 'name' | 'path'>,
  remote: string | undefined,
  configuration: Configuration,
): Promise<void> {
  await initRepository(path);
  if (remote === undefined) return;
  try {
    const { environment } = command.runtime;
    const address =
      remote === 'gitea' ? await giteaRemote({ name, path }, configuration, environment) : remote;
    await initRepository(path, address);
    await pushWorkspace(path);
  } catch (thrown) {
    command.out.warn(`The repository is not at its remote: ${asProvisioningError(thrown).message}`);
    command.out.info('Push it later: provisioning workspace push');
    command.exitCode = 1;
  }
}
