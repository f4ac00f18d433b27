import { hostname, userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Surroundings } from '../../config/surroundings.ts';
import { usage } from '../errors.ts';
import { localLocks } from './local.ts';
import { type LockProvider, type LockType, type WorkspaceLock, lockConflict } from './record.ts';

/** Life of a lock taken by command, and of one a command takes for itself (03 §12). */
export const commandLife = 8 * 3600_000;
export const automaticLife = 3600_000;

export interface LockOptions {
  readonly surroundings: Surroundings;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly type: LockType;
  readonly operation: string;
  readonly provider?: LockProvider;
  /** Milliseconds; a lock by command lives 8 h, an automatic one 1 h and is renewed. */
  readonly life?: number;
  readonly automatic?: boolean;
  /** Milliseconds to wait for a lock that is held, default not at all. */
  readonly wait?: number;
  readonly signal?: AbortSignal;
}

/**
 * Takes a lock.
 * @throws ProvisioningError `WORKSPACE_LOCKED` naming the holder (exit 1), `LOCK_PROVIDER_UNREACHABLE`
 */
export async function acquireLock(options: LockOptions): Promise<WorkspaceLock> {
  const { surroundings, workspace, type, operation } = options;
  const provider = options.provider ?? localLocks;
  const request = {
    workspace,
    type,
    operation,
    user: userName(surroundings),
    host: hostname(),
    pid: process.pid,
    life: options.life ?? (options.automatic === true ? automaticLife : commandLife),
    ...(options.automatic === true ? { automatic: true } : {}),
  };
  const limit = Date.now() + (options.wait ?? 0);
  for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
    const answer = await provider.acquire(request, surroundings.now());
    if ('lock' in answer) return answer.lock;
    if (Date.now() + pause > limit) throw lockConflict(answer.held[0]!);
    await delay(pause, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/**
 * Releases a lock. Another user's needs `force` and a reason.
 * @throws ProvisioningError `LOCK_NOT_OWNED` (exit 4), `LOCK_NOT_FOUND` (exit 5), `LOCK_REASON_REQUIRED` (exit 2)
 */
export async function releaseLock(
  options: Pick<LockOptions, 'surroundings' | 'workspace' | 'provider'> & {
    readonly id?: string;
    readonly force?: boolean;
    readonly reason?: string;
  },
): Promise<WorkspaceLock> {
  const provider = options.provider ?? localLocks;
  const held = await provider.list(options.workspace, options.surroundings.now());
  const user = userName(options.surroundings);
  const lock =
    options.id === undefined
      ? (held.find((one) => one.user === user) ?? held[0])
      : held.find(({ id }) => id === options.id);
  if (lock === undefined) {
    throw new ProvisioningError({
      code: 'LOCK_NOT_FOUND',
      kind: 'not-found',
      message:
        options.id === undefined
          ? `Workspace '${options.workspace.name}' is not locked`
          : `Lock ${options.id} not found`,
    });
  }
  if (lock.user !== user && options.force !== true) {
    throw new ProvisioningError({
      code: 'LOCK_NOT_OWNED',
      kind: 'permission',
      message: `Lock ${lock.id} belongs to ${lock.user}@${lock.host}`,
      hint: 'An administrator can release it with --force --reason <text>.',
    });
  }
  if (options.force === true && (options.reason ?? '').trim() === '') {
    throw usage(
      'A reason is required to release a lock by force',
      'LOCK_REASON_REQUIRED',
      'Give it with --reason <text>.',
    );
  }
  await provider.release(options.workspace, lock.id);
  return lock;
}

/** All locks of a workspace that count. */
export async function listLocks(
  surroundings: Surroundings,
  workspace: { readonly name: string; readonly path: string },
  provider: LockProvider = localLocks,
): Promise<readonly WorkspaceLock[]> {
  return provider.list(workspace, surroundings.now());
}

/** Whether a lock of this type could not be had now. */
export async function isLocked(
  surroundings: Surroundings,
  workspace: { readonly name: string; readonly path: string },
  type: LockType,
  provider: LockProvider = localLocks,
): Promise<boolean> {
  const held = await provider.list(workspace, surroundings.now());
  return held.some((lock) => !(type === 'read' && lock.type === 'read'));
}

/**
 * Runs `work` while the lock is held, and releases it in every case. It is renewed at a third of its life; when it is
 * lost, the signal handed to `work` is aborted, so that the operation stops before its next step.
 */
export async function withWorkspaceLock<T>(
  options: LockOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const provider = options.provider ?? localLocks;
  const life = options.life ?? automaticLife;
  const lock = await acquireLock({ ...options, automatic: true, life });
  const lost = new AbortController();
  const timer = setInterval(() => {
    void provider.renew(options.workspace, lock.id, life, options.surroundings.now()).then(
      (kept) => {
        if (!kept) lost.abort(lostLock(lock));
      },
      () => {
        lost.abort(lostLock(lock));
      },
    );
  }, life / 3);
  timer.unref();
  try {
    return await work(
      options.signal === undefined ? lost.signal : AbortSignal.any([options.signal, lost.signal]),
    );
  } finally {
    clearInterval(timer);
    await provider.release(options.workspace, lock.id);
  }
}

function lostLock(lock: WorkspaceLock): ProvisioningError {
  return new ProvisioningError({
    code: 'LOCK_LOST',
    kind: 'conflict',
    message: `The lock ${lock.id} of workspace '${lock.workspace}' was lost while "${lock.operation}" was running`,
    hint: 'The operation stopped before its next step. Run it again.',
  });
}

/** Who takes locks here. */
export function userName(surroundings: Surroundings): string {
  return surroundings.env['USER'] ?? surroundings.env['LOGNAME'] ?? userInfo().username;
}
