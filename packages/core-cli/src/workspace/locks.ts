import {
  acquireLock,
  checkLockCommand,
  listLocks,
  type LockType,
  modeLocks,
  type OpenedLocks,
  recordForcedRelease,
  releaseLock,
  requireApproval,
  type WorkspaceLock,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseDuration } from '../argv/duration.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { lockPlace, locksOf, modeOf } from '../session/locks.ts';
import { openRequests } from '../session/requests.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { configurationOf, workspaceNamed } from '../session/workspace.ts';

export const lockTypes: readonly string[] = ['read', 'write', 'deploy'] satisfies LockType[];

/** Which workspace, and where its locks are kept when that is said. */
export interface LocksOf {
  readonly workspace?: string | undefined;
  readonly provider?: string | undefined;
}

export interface LockWish extends LocksOf {
  readonly type: LockType;
  readonly operation: string;
  readonly expiry?: string | undefined;
}

/** `workspace lock`, `gitea lock acquire` (03 §12). */
export async function takeLock(command: ProvisioningCommand, wish: LockWish): Promise<void> {
  const { out } = command;
  const workspace = await workspaceNamed(command, wish.workspace);
  const mode = await modeOf(command);
  const configuration = await configurationOf(command, workspace);
  checkLockCommand(mode, wish.provider ?? modeLocks[mode].provider);
  const provider = lockPlace(mode, configuration, wish.provider);
  if (command.globals.check) {
    out.warn('Check mode: No changes will be made');
    out.line(`Would lock: ${workspace.name} (${wish.type}, ${provider})`);
    return;
  }
  if (mode === 'enterprise') {
    const { requests, teams, user, now } = await openRequests(command, configuration);
    requireApproval(await requests.list(now), { user, workspace: workspace.name, teams }, now);
  }
  await using locks = locksOf(command, configuration, provider);
  const lock = await acquireLock({
    surroundings: surroundingsOf(command.runtime),
    workspace,
    type: wish.type,
    operation: wish.operation,
    provider: locks.provider,
    wait: command.globals.wait === true ? (command.globals.timeout ?? 300) * 1000 : 0,
    signal: command.signal,
    ...(wish.expiry === undefined ? {} : { life: lifeOf(wish.expiry, command.runtime.now()) }),
  });
  await out.result(lock, () => [
    `${out.style.mark('ok')} Lock acquired for workspace: ${workspace.name}`,
    ...lockLines(lock),
  ]);
}

function lockLines(lock: WorkspaceLock): string[] {
  return [`Lock ID: ${lock.id}`, `Type: ${lock.type}`, `User: ${lock.user}`, `Expires: ${lock.expires_at}`];
}

/** `--expiry`: a time, or how long from now; milliseconds. */
function lifeOf(text: string, now: number): number {
  const end = /^\d{4}-\d{2}-\d{2}T/.test(text)
    ? Date.parse(text)
    : now + parseDuration(text, 'expiry', 3600) * 1000;
  if (Number.isFinite(end) && end > now) return end - now;
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --expiry: ${text}. Expected a time to come or a duration: 8h, 30m`,
  });
}

export interface UnlockWish extends LocksOf {
  /** Default the user's own. */
  readonly id?: string | undefined;
  readonly force?: boolean;
  readonly reason?: string | undefined;
}

/** `workspace unlock`, `gitea lock release` and `force-release`. */
export async function giveLockBack(command: ProvisioningCommand, wish: UnlockWish): Promise<void> {
  const { out } = command;
  const workspace = await workspaceNamed(command, wish.workspace);
  const mode = await modeOf(command);
  const configuration = await configurationOf(command, workspace);
  const provider = lockPlace(mode, configuration, wish.provider);
  if (command.globals.check) {
    out.warn('Check mode: No changes will be made');
    out.line(`Would unlock: ${workspace.name} (${provider})`);
    return;
  }
  if (wish.force === true && mode !== 'solo') {
    throw new ProvisioningError({
      code: 'ADMIN_REQUIRED',
      kind: 'permission',
      message:
        'Releasing the lock of another by force needs the Admin role, and no identity service is configured',
      hint: 'Ask its owner to release it, or wait until it expires.',
    });
  }
  const surroundings = surroundingsOf(command.runtime);
  await using locks = locksOf(command, configuration, provider);
  const { id, force = false, reason } = wish;
  const lock = await releaseLock({
    ...{ surroundings, workspace, provider: locks.provider, force },
    ...(id === undefined ? {} : { id }),
    ...(reason === undefined ? {} : { reason }),
  });
  if (force) await recordForcedRelease(surroundings, workspace, lock, reason!);
  await out.result(lock, () => [
    `${out.style.mark('ok')} Lock ${lock.id} of workspace ${workspace.name} released`,
  ]);
}

/** `workspace lock-status`, `gitea lock list`. */
export async function showLocks(command: ProvisioningCommand, place: LocksOf): Promise<void> {
  await using opened = await openLocksOf(command, place);
  const { workspace, locks } = opened;
  await command.out.list(
    await listLocks(surroundingsOf(command.runtime), workspace, locks.provider),
    [
      { title: 'ID', value: (row) => row.id },
      { title: 'TYPE', value: (row) => row.type },
      { title: 'USER', value: (row) => `${row.user}@${row.host}` },
      { title: 'OPERATION', value: (row) => row.operation },
      { title: 'SINCE', value: (row) => row.acquired_at },
      { title: 'EXPIRES', value: (row) => row.expires_at },
    ],
    'locks',
  );
}

/** `gitea lock info`: one lock. @throws ProvisioningError `LOCK_NOT_FOUND` (exit 5) */
export async function showLock(command: ProvisioningCommand, place: LocksOf, id: string): Promise<void> {
  await using opened = await openLocksOf(command, place);
  const { workspace, locks } = opened;
  const all = await listLocks(surroundingsOf(command.runtime), workspace, locks.provider);
  const lock = all.find((one) => one.id === id);
  if (lock === undefined) {
    throw new ProvisioningError({
      code: 'LOCK_NOT_FOUND',
      kind: 'not-found',
      message: `Lock ${id} not found`,
      hint:
        all.length === 0 ? undefined : `Locks of ${workspace.name}: ${all.map((one) => one.id).join(', ')}`,
    });
  }
  await command.out.result(lock, () => [
    `Workspace: ${lock.workspace}`,
    ...lockLines(lock),
    `Host: ${lock.host}`,
    `Operation: ${lock.operation}`,
    `Since: ${lock.acquired_at}`,
  ]);
}

/** `workspace lock cleanup`, `gitea lock cleanup`: removes locks that have expired and says how many. */
export async function cleanUpLocks(command: ProvisioningCommand, place: LocksOf): Promise<void> {
  const { out } = command;
  await using opened = await openLocksOf(command, place);
  const { workspace, provider, locks } = opened;
  if (command.globals.check) {
    out.warn('Check mode: No changes will be made');
    out.line(`Would remove the expired locks of ${workspace.name} (${provider})`);
    return;
  }
  const removed = await locks.provider.cleanup(workspace, surroundingsOf(command.runtime).now());
  await out.result({ workspace: workspace.name, provider, removed }, () => [
    `${out.style.mark('ok')} ${removed} expired ${removed === 1 ? 'lock' : 'locks'} of ${workspace.name} removed`,
  ]);
}

interface Opened extends AsyncDisposable {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly provider: string;
  readonly locks: OpenedLocks;
}

async function openLocksOf(command: ProvisioningCommand, place: LocksOf): Promise<Opened> {
  const workspace = await workspaceNamed(command, place.workspace);
  const configuration = await configurationOf(command, workspace);
  const provider = lockPlace(await modeOf(command), configuration, place.provider);
  const locks = locksOf(command, configuration, provider);
  return { workspace, provider, locks, [Symbol.asyncDispose]: () => locks[Symbol.asyncDispose]() };
}
