import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { WorkflowEvent } from '../engine/events.ts';
import { canonicalType, inputOf } from '../engine/plan.ts';
import type { Journal } from '../journal/journal.ts';
import type { RecordWrite, Store } from '../journal/store.ts';
import type { Live } from '../runtime/live.ts';
import { type Claim, created, deleted } from './claims.ts';

/** What somebody may have at once; `null` is unlimited. Memory in GB. */
export interface Limits {
  readonly servers: number | null;
  readonly cores: number | null;
  readonly memory: number | null;
}

export interface QuotasParts {
  readonly store: Pick<Store, 'records'>;
  readonly journal: () => Pick<Journal, 'record'>;
  /** Named in refusals. */
  readonly mode: string;
  /** Nothing: this subject has no limits. */
  readonly limitsOf: (subject: string, roles: readonly string[]) => Limits | undefined;
}

/** What somebody has of one resource, and may have. */
export interface QuotaRow {
  readonly subject: string;
  readonly resource: (typeof resources)[number];
  readonly used: number;
  /** `null` is unlimited. */
  readonly limit: number | null;
}

/** A server that counts: reserved for a workflow, or there. */
interface Entry extends Claim {
  /** The workflow that it is reserved for; absent once it exists. */
  readonly workflow?: string;
}

/** The record of a subject. */
interface Stored {
  readonly roles: readonly string[];
  readonly entries: readonly Entry[];
}

const kind = 'quota';
const resources = ['servers', 'cores', 'memory'] as const;

/**
 * What each subject has and has asked for (04 §2.5). The check and the reservation are one synchronous step, and the
 * reservation becomes durable with the workflow: two requests for the last slot cannot both get it.
 */
export class Quotas {
  readonly #parts: QuotasParts;
  readonly #ledgers = new Map<string, Map<string, Entry>>();
  /** Of who has a ledger, as last seen. */
  readonly #roles = new Map<string, readonly string[]>();

  constructor(parts: QuotasParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for (const { id, data } of await this.#parts.store.records(kind)) {
      const stored = JSON.parse(data) as Entry[] | Stored;
      const { entries, roles } = Array.isArray(stored) ? { entries: stored, roles: [] } : stored;
      this.#roles.set(id, roles);
      this.#ledgers.set(id, new Map(entries.map((entry) => [entry.key, entry])));
    }
  }

  /**
   * Asks for the servers that a workflow creates. Call what it returns in the same turn, with the workflow's id, and write
   * the records with the workflow.
   * @param roles absent where nobody is there to have them, as with schedules: those last seen
   * @throws ProvisioningError `QUOTA_EXCEEDED`
   */
  admit(
    subject: string,
    definition: WorkflowDefinition,
    roles: readonly string[] = this.#roles.get(subject) ?? [],
  ): (workflow: string) => readonly RecordWrite[] {
    this.#roles.set(subject, roles);
    const limits = this.#parts.limitsOf(subject, roles);
    if (limits === undefined || definition.check_mode) return () => [];
    const ledger = this.#ledgers.get(subject) ?? new Map<string, Entry>();
    const wanted = new Map<string, Claim>();
    const named = definition.workspace;
    const workspace = typeof named === 'string' ? named : named?.name;
    for (const operation of definition.operations) {
      const place = { workspace, infra: operation.infra ?? definition.infra };
      for (const claim of created(place, canonicalType(operation.type), inputOf(operation)))
        if (!ledger.has(claim.key)) wanted.set(claim.key, claim);
    }
    if (wanted.size === 0) return () => [];
    this.#refuse(subject, limits, [...ledger.values()], [...wanted.values()]);
    return (workflow) => {
      for (const claim of wanted.values()) ledger.set(claim.key, { ...claim, workflow });
      this.#ledgers.set(subject, ledger);
      return [this.#recordOf(subject, ledger)];
    };
  }

  /** A reservation becomes usage on creation and is freed on failure, deletion and rollback. */
  onEvent(live: Live, event: WorkflowEvent): void {
    if (this.#ledgers.size === 0) return;
    const { plan, operations } = live.state;
    switch (event.type) {
      case 'OperationCompleted': {
        const { type, input, infra } = operations[event.op]!.plan;
        const place = { workspace: plan.workspace?.name, infra: infra ?? plan.infra };
        const there = new Set(created(place, type, input).map(({ key }) => key));
        const gone = new Set(deleted(place, type, input));
        this.#change((entry) => {
          if (gone.has(entry.key)) return undefined;
          return there.has(entry.key) && entry.workflow === plan.id
            ? { ...entry, workflow: undefined }
            : entry;
        });
        return;
      }
      case 'CompensationCompleted': {
        const { type, input, infra } = operations[event.op]!.plan;
        const place = { workspace: plan.workspace?.name, infra: infra ?? plan.infra };
        const gone = new Set(created(place, type, input).map(({ key }) => key));
        this.#change((entry) => (gone.has(entry.key) ? undefined : entry));
        return;
      }
      case 'WorkflowFailed':
      case 'WorkflowCancelled':
      case 'WorkflowCompleted':
        this.#change((entry) => (entry.workflow === plan.id ? undefined : entry));
    }
  }

  /** What a subject has and has asked for. Memory in GB. */
  used(subject: string): Record<(typeof resources)[number], number> {
    return sum([...(this.#ledgers.get(subject)?.values() ?? [])]);
  }

  /** What these subjects have and may have; without any, everybody who has something. */
  table(subjects: readonly string[] = [...this.#ledgers.keys()].sort()): QuotaRow[] {
    return subjects.flatMap((subject) => {
      const used = this.used(subject);
      const limits = this.#parts.limitsOf(subject, this.#roles.get(subject) ?? []);
      return resources.map((resource) => ({
        subject,
        resource,
        used: used[resource],
        limit: limits?.[resource] ?? null,
      }));
    });
  }

  #refuse(subject: string, limits: Limits, have: readonly Claim[], wanted: readonly Claim[]): void {
    const used = sum(have);
    const requested = sum(wanted);
    const over = resources.find((name) => used[name] + requested[name] > (limits[name] ?? Infinity));
    if (over === undefined) return;
    const text = (name: (typeof resources)[number]) =>
      `${name} ${used[name] + requested[name]}/${limits[name] ?? 'unlimited'}`;
    throw new ProvisioningError({
      code: 'QUOTA_EXCEEDED',
      kind: 'permission',
      message: `Quota exceeded (${this.#parts.mode}): ${resources.map(text).join(', ')} GB`,
      hint: 'Delete servers that are not needed, or ask an administrator for a higher quota',
      details: {
        scope: this.#parts.mode === 'cicd' ? 'pipeline' : 'user',
        subject,
        resource: over,
        limit: limits[over],
        used: used[over],
        requested: requested[over],
      },
    });
  }

  #change(change: (entry: Entry) => Entry | undefined): void {
    for (const [subject, ledger] of this.#ledgers) {
      let changed = false;
      for (const [key, entry] of ledger) {
        const after = change(entry);
        if (after === entry) continue;
        changed = true;
        if (after) ledger.set(key, after);
        else ledger.delete(key);
      }
      if (changed) this.#parts.journal().record(this.#recordOf(subject, ledger));
    }
  }

  #recordOf(subject: string, ledger: ReadonlyMap<string, Entry>): RecordWrite {
    const stored: Stored = { roles: this.#roles.get(subject) ?? [], entries: [...ledger.values()] };
    return { kind, id: subject, data: JSON.stringify(stored) };
  }
}

function sum(claims: readonly Claim[]): Record<(typeof resources)[number], number> {
  const total = { servers: claims.length, cores: 0, memory: 0 };
  for (const { cores, memory } of claims) {
    total.cores += cores;
    total.memory += memory / 1024;
  }
  return total;
}
