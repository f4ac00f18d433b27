import {
  type Configuration,
  type LockProviderName,
  type Mode,
  type OpenedLocks,
  checkLockCommand,
  configuredMode,
  lockProviderName,
  modeLocks,
  openLocks,
  underModeLock,
  userName,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from './surroundings.ts';

/** The mode the person works in; solo unless another was chosen. */
export async function modeOf(command: ProvisioningCommand): Promise<Mode> {
  return (await configuredMode(surroundingsOf(command.runtime))) ?? 'solo';
}

/** Where locks of this mode are kept: `--provider`, `locking.provider`, else what the mode prescribes (03 §12). */
export function lockPlace(mode: Mode, configuration: Configuration, given?: string): LockProviderName {
  const configured = configuration.get('locking.provider');
  const named = given ?? (typeof configured === 'string' && configured !== '' ? configured : undefined);
  const provider = lockProviderName(named ?? modeLocks[mode].provider);
  if (mode !== 'cicd') checkLockCommand(mode, provider);
  return provider;
}

export function locksOf(
  command: ProvisioningCommand,
  configuration: Configuration,
  provider: LockProviderName,
): OpenedLocks {
  return openLocks(provider, configuration, command.runtime.environment);
}

/**
 * Runs a change under the workspace lock of the mode (03 §12). A check takes none.
 * @throws ProvisioningError `WORKSPACE_LOCKED` (1), `WORKSPACE_LOCK_REQUIRED` (4), `LOCK_PROVIDER_UNREACHABLE` (1)
 */
export async function underLock<T>(
  command: ProvisioningCommand,
  place: {
    readonly workspace: { readonly name: string; readonly path: string };
    readonly configuration: Configuration;
  },
  operation: string,
  work: (signal: AbortSignal) => Promise<T>,
  type?: 'write' | 'deploy',
): Promise<T> {
  const mode = await modeOf(command);
  if (command.globals.check || mode === 'solo' || mode === 'cicd') return work(command.signal);
  const surroundings = surroundingsOf(command.runtime);
  await using locks = locksOf(command, place.configuration, lockPlace(mode, place.configuration));
  return await underModeLock(
    {
      surroundings,
      workspace: place.workspace,
      mode,
      provider: locks.provider,
      user: userName(surroundings),
      operation,
      signal: command.signal,
      ...(type === undefined ? {} : { type }),
    },
    work,
  );
}
