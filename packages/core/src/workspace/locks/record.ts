import { ProvisioningError } from '@provisioning/extensions-sdk';

export type LockType = 'read' | 'write' | 'deploy';

/** A lock of a workspace (03 §12). */
export interface WorkspaceLock {
  readonly id: string;
  readonly workspace: string;
  readonly type: LockType;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** Of the machine's current boot: a process id means nothing after a restart. */
  readonly boot?: string;
  readonly operation: string;
  readonly acquired_at: string;
  readonly expires_at: string;
  readonly provider: string;
  /** Taken by a command for its own duration. */
  readonly automatic?: boolean;
}

/** What is asked for; the provider adds id and times. */
export interface LockRequest {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly type: LockType;
  readonly operation: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** Milliseconds until it expires by itself. */
  readonly life: number;
  readonly automatic?: boolean;
}

/** Where locks are kept: files of this machine, Redis, etcd, issues of a Gitea repository. */
export interface LockProvider {
  readonly name: 'local' | 'redis' | 'gitea' | 'etcd';
  /** The lock, or those that stand in its way. */
  acquire(
    request: LockRequest,
    now: Date,
  ): Promise<{ readonly lock: WorkspaceLock } | { readonly held: readonly WorkspaceLock[] }>;
  release(workspace: { readonly name: string; readonly path: string }, id: string): Promise<boolean>;
  /** Extends a lock that is still held; `false` when it is lost. */
  renew(
    workspace: { readonly name: string; readonly path: string },
    id: string,
    life: number,
    now: Date,
  ): Promise<boolean>;
  list(
    workspace: { readonly name: string; readonly path: string },
    now: Date,
  ): Promise<readonly WorkspaceLock[]>;
  /** Removes locks that do not count any more; how many there were. */
  cleanup(workspace: { readonly name: string; readonly path: string }, now: Date): Promise<number>;
}

/** `read` locks stand beside each other; `write` and `deploy` stand alone. */
export function conflicts(wanted: LockType, held: readonly WorkspaceLock[]): WorkspaceLock[] {
  return held.filter(({ type }) => !(wanted === 'read' && type === 'read'));
}

/** Locks that have not expired. */
export function alive(locks: readonly WorkspaceLock[], now: Date): WorkspaceLock[] {
  return locks.filter(({ expires_at: end }) => Date.parse(end) > now.getTime());
}

/** @returns the error that names who holds the lock (exit 1) */
export function lockConflict(held: WorkspaceLock): ProvisioningError {
  return new ProvisioningError({
    code: 'WORKSPACE_LOCKED',
    kind: 'conflict',
    message: `Workspace '${held.workspace}' is locked (${held.type}) by ${held.user}@${held.host} since ${held.acquired_at} for "${held.operation}" (lock ${held.id}, expires ${held.expires_at})`,
    hint: 'Wait for it with --wait, or ask its owner to release it.',
    retryable: true,
    details: held,
  });
}

export function providerUnreachable(provider: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'LOCK_PROVIDER_UNREACHABLE',
    kind: 'unavailable',
    message: `Lock provider ${provider} is unreachable`,
    hint: 'Nothing was done: commands never continue without their lock.',
    cause,
  });
}
