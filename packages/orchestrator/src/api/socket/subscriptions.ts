import { eventAliases, type EventEnvelope } from '@provisioning/client';
import { isCustom } from '../../events/custom.ts';

/** Conditions of a subscription: ANDed over keys, ORed within lists (13 §8.3). */
export type Filters = Readonly<Record<string, unknown>>;

/** Most event names of one connection (13 §8.6). */
export const largestSubscription = 50;

const standard = ['task', 'batch', 'workflow', 'system'];

/** Keys that filters may use, and where an event carries them. */
const filterKeys: ReadonlySet<string> = new Set([
  'task_name',
  'task_id',
  'workflow_id',
  'batch_id',
  'infra',
  'status',
  'level',
  'component',
  'since',
]);

/** Which events a connection gets. */
export class Subscriptions {
  readonly #names = new Map<string, Filters | undefined>();
  #custom = false;

  /** Names as a client gives them, aliases included; absent is the standard set. */
  constructor(names: readonly string[] | undefined) {
    this.add(names ?? standard);
    if (names === undefined) this.#custom = true;
  }

  get names(): string[] {
    return [...this.#names.keys(), ...(this.#custom ? ['custom'] : [])];
  }

  /** @returns false when there would be too many; then nothing changes */
  add(names: readonly string[], filters?: Filters): boolean {
    const expanded = expand(names);
    const total = new Set([...this.#names.keys(), ...expanded]).size;
    if (total > largestSubscription) return false;
    for (const name of expanded) {
      if (name === 'custom') this.#custom = true;
      else this.#names.set(name, filters);
    }
    return true;
  }

  remove(names: readonly string[]): void {
    if (names.length === 0) {
      this.#names.clear();
      this.#custom = false;
    }
    for (const name of expand(names)) {
      if (name === 'custom') this.#custom = false;
      else this.#names.delete(name);
    }
  }

  matches(event: EventEnvelope): boolean {
    if (!this.#names.has(event.event_type)) {
      return this.#custom && isCustom(event);
    }
    const filters = this.#names.get(event.event_type);
    return filters === undefined || passes(filters, event);
  }
}

function expand(names: readonly string[]): string[] {
  return names.flatMap((name) => eventAliases[name] ?? [name]);
}

export function isFilterKey(key: string): boolean {
  return filterKeys.has(key);
}

function passes(filters: Filters, event: EventEnvelope): boolean {
  const data = (typeof event.data === 'object' && event.data !== null ? event.data : {}) as Record<
    string,
    unknown
  >;
  for (const [key, wanted] of Object.entries(filters)) {
    if (key === 'since') {
      if (Date.parse(event.timestamp) < Date.parse(String(wanted))) return false;
      continue;
    }
    const value = key === 'task_name' ? data['name'] : (data[key] ?? event.metadata[key]);
    const list = Array.isArray(wanted) ? wanted : [wanted];
    if (!list.some((item) => String(item).toLowerCase() === String(value).toLowerCase())) return false;
  }
  return true;
}
