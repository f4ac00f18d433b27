import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openStore } from '../journal/open.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import type { Store } from '../journal/store.ts';
import type { SwitchStore } from '../journal/switch-store.ts';
import type { Settings } from '../settings/settings.ts';
import { copyStore, replay } from './copy.ts';
import { writeStoreMark } from './marker.ts';
import { migrate, type MigrationPhase, type MigrationResult } from './migration.ts';
import { backupFolder, checkReadiness, type Readiness } from './readiness.ts';

export interface MigrationRequest {
  /** The store in force; told so that a mistake is noticed. */
  readonly from?: string;
  readonly to: string;
  readonly backupFirst?: boolean;
  readonly verify?: boolean;
  /** Only the readiness checks. */
  readonly check?: boolean;
}

/** How far a migration is, or how it ended. */
export interface MigrationStatus {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  status: 'running' | 'completed' | 'failed';
  phase: MigrationPhase;
  readonly messages: string[];
  readiness?: Readiness;
  backup?: string;
  result?: MigrationResult;
  error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

export interface MigrationsParts {
  readonly store: SwitchStore;
  readonly settings: Settings;
  /** Workers read the store themselves: with them it cannot be exchanged underneath. */
  readonly shared: boolean;
  readonly onSwitched?: () => void;
  readonly open?: (settings: Settings) => Promise<Store>;
  readonly now?: () => number;
}

const types = ['sqlite', 'postgres', 'surrealdb-embedded', 'surrealdb-server'] as const;

/** Moves of this installation from one store to another, one at a time. */
export class Migrations {
  readonly #parts: MigrationsParts;
  #current: MigrationStatus | undefined;

  constructor(parts: MigrationsParts) {
    this.#parts = parts;
  }

  /** The newest migration since the start. */
  get current(): MigrationStatus | undefined {
    return this.#current;
  }

  /**
   * Begins a migration; `done` resolves when it has ended one way or the other.
   * @throws ProvisioningError `MIGRATION_PATH_UNSUPPORTED` (exit 2), `MIGRATION_RUNNING`
   */
  begin(
    request: MigrationRequest,
    onPhase?: (phase: MigrationPhase) => void | Promise<void>,
  ): { readonly status: MigrationStatus; readonly done: Promise<void> } {
    const { store, shared } = this.#parts;
    const from = request.from === undefined ? store.type : this.#type(request.from);
    const to = this.#type(request.to);
    if (from === undefined || to === undefined || from === to) {
      throw unsupported(request.from ?? store.type, request.to);
    }
    if (from !== store.type) {
      throw new ProvisioningError({
        code: 'MIGRATION_SOURCE_NOT_IN_FORCE',
        kind: 'conflict',
        message: `The store in force is ${store.type}, not ${from}`,
      });
    }
    if (this.#current?.status === 'running') {
      throw new ProvisioningError({
        code: 'MIGRATION_RUNNING',
        kind: 'conflict',
        message: `A migration from ${this.#current.from} to ${this.#current.to} is under way`,
      });
    }
    if (shared) {
      throw new ProvisioningError({
        code: 'MIGRATION_NEEDS_STOP',
        kind: 'conflict',
        message: 'Workers share the store: it cannot be moved while they run',
        hint: 'Stop the orchestrator and its workers, then migrate',
      });
    }
    const status: MigrationStatus = {
      id: randomUUID(),
      from,
      to,
      status: 'running',
      phase: 'readiness',
      messages: [],
    };
    this.#current = status;
    const done = this.#run(status, { ...request, to }, onPhase).then(
      () => void (status.status = 'completed'),
      (thrown: unknown) => {
        const { code, message, hint } = ProvisioningError.from(thrown);
        status.error = { code, message, ...(hint === undefined ? {} : { hint }) };
        status.status = 'failed';
      },
    );
    return { status, done };
  }

  async #run(
    status: MigrationStatus,
    {
      to,
      backupFirst = true,
      verify = true,
      check = false,
    }: MigrationRequest & { readonly to: Store['type'] },
    onPhase?: (phase: MigrationPhase) => void | Promise<void>,
  ): Promise<void> {
    const { store, settings, onSwitched, open = openStore, now = Date.now } = this.#parts;
    const enter = async (phase: MigrationPhase, message?: string) => {
      status.phase = phase;
      if (message !== undefined) status.messages.push(message);
      await onPhase?.(phase);
    };
    const wanted: Settings = { ...settings, storage: { ...settings.storage, type: to } };
    let target: Store | undefined;
    try {
      await enter('readiness');
      status.readiness = await checkReadiness({
        source: store,
        settings,
        target: to,
        now,
        checkSettings: () => requireTarget(wanted),
        probeTarget: async () => {
          const probed = await open(wanted);
          await probed.open();
          target = probed;
          await target.ping();
        },
      });
      if (!status.readiness.ready_for_migration || !target) throw notReady(status.readiness);
      if (check) return;
      if (backupFirst) {
        await enter('backup', 'Creating backup before migration...');
        status.backup = await this.#backup(now());
        status.messages.push(`Backup created: ${status.backup}`);
      }
      const mark = { type: to, from: store.type, migrated_at: new Date(now()).toISOString() };
      status.result = await migrate({
        store,
        target,
        verify,
        now,
        persist: async () => writeStoreMark(settings.paths.data_dir, mark),
        onPhase: enter,
        onWarning: (message) => status.messages.push(message),
      });
      target = undefined;
      onSwitched?.();
    } finally {
      await target?.close();
    }
  }

  /** A copy as an SQLite file, whatever the store is. */
  async #backup(at: number): Promise<string> {
    const { store, settings } = this.#parts;
    const stamp = new Date(at).toISOString().replace(/[:.]/g, '-');
    const path = join(backupFolder(settings), `${store.type}-${stamp}.db`);
    const backup = new SqliteStore(path);
    await backup.open();
    store.follow();
    try {
      await copyStore(store.current, backup, {
        onFailed: (kind, id, reason) => {
          throw new Error(`backup of ${kind} ${id}: ${reason}`);
        },
      });
      await replay(store.changes(), backup);
    } finally {
      store.unfollow();
      await backup.close();
    }
    return path;
  }

  /** The store that a name means: `surrealdb` is the server where one is configured. */
  #type(name: string): Store['type'] | undefined {
    if (name === 'filesystem') return 'sqlite';
    if (name === 'surrealdb') {
      const { username } = this.#parts.settings.storage.surrealdb;
      return username === '' ? 'surrealdb-embedded' : 'surrealdb-server';
    }
    return types.find((type) => type === name);
  }
}

function requireTarget({ storage }: Settings): void {
  if (storage.type === 'postgres' && storage.postgres.url === '')
    throw new Error('storage.postgres.url is not set');
}

function notReady({ failed_checks, checks }: Readiness): ProvisioningError {
  const reasons = checks.filter(({ passed }) => !passed).map(({ name, message }) => `${name}: ${message}`);
  return new ProvisioningError({
    code: 'MIGRATION_NOT_READY',
    kind: 'conflict',
    message: `Not ready for migration: ${failed_checks.join(', ')}`,
    hint: reasons.join('\n'),
  });
}

function unsupported(from: string, to: string): ProvisioningError {
  return new ProvisioningError({
    code: 'MIGRATION_PATH_UNSUPPORTED',
    kind: 'usage',
    message: `Unsupported migration path: ${from} → ${to}`,
    hint: `Stores: ${types.join(', ')}`,
  });
}
