import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Mode } from '../../config/mode.ts';
import type { Surroundings } from '../../config/surroundings.ts';
import { usage } from '../errors.ts';
import { listLocks, withWorkspaceLock } from './lock.ts';
import type { LockProvider, LockType } from './record.ts';

/** Lock provider each mode uses, and those it allows (03 §12). */
export const modeLocks: Readonly<
  Record<Mode, { readonly provider: string; readonly allowed: readonly string[] }>
> = {
  solo: { provider: 'local', allowed: ['local'] },
  multiuser: { provider: 'gitea', allowed: ['gitea', 'redis', 'etcd', 'local'] },
  cicd: { provider: 'local', allowed: [] },
  enterprise: { provider: 'etcd', allowed: ['etcd'] },
};

/** `workspace lock` in a mode. @throws ProvisioningError exit 2 where the mode has no such lock */
export function checkLockCommand(mode: Mode, provider: string): void {
  if (mode === 'cicd') throw usage('Workspace locking is disabled in cicd mode', 'LOCKING_DISABLED');
  if (modeLocks[mode].allowed.includes(provider)) return;
  throw usage(
    `Lock provider '${provider}' is not allowed in ${mode} mode`,
    'LOCK_PROVIDER_NOT_ALLOWED',
    `Use: ${modeLocks[mode].allowed.join(', ')}`,
  );
}

export interface MutationOptions {
  readonly surroundings: Surroundings;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly mode: Mode;
  readonly provider: LockProvider;
  readonly user: string;
  readonly operation: string;
  readonly type?: Exclude<LockType, 'read'>;
  readonly signal?: AbortSignal;
}

/**
 * Runs a command that changes something under the rules of the mode: a lock of one's own is enough, without one
 * multiuser takes it for the duration, and enterprise wants it taken explicitly.
 * @throws ProvisioningError `WORKSPACE_LOCKED` (1), `WORKSPACE_LOCK_REQUIRED` (4)
 */
export async function underModeLock<T>(
  options: MutationOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const never = options.signal ?? new AbortController().signal;
  if (options.mode === 'solo' || options.mode === 'cicd') return work(never);
  const held = await listLocks(options.surroundings, options.workspace, options.provider);
  const own = held.find((lock) => lock.user === options.user && lock.type !== 'read');
  if (own !== undefined) return work(never);
  if (options.mode === 'enterprise') {
    throw new ProvisioningError({
      code: 'WORKSPACE_LOCK_REQUIRED',
      kind: 'permission',
      message: `Workspace lock required: provisioning workspace lock ${options.workspace.name} --provider etcd`,
    });
  }
  return withWorkspaceLock(
    {
      surroundings: options.surroundings,
      workspace: options.workspace,
      type: options.type ?? 'write',
      operation: options.operation,
      provider: options.provider,
      signal: never,
    },
    work,
  );
}
