import { Heap } from './heap.ts';

/** A piece of work that is ready and waits for its turn. */
export interface Ticket {
  readonly workflow: string;
  readonly op: number;
  readonly undo: boolean;
  /** Kind of the operation: `server.create`. */
  readonly type: string;
  readonly priority: number;
  /** Operations that wait for this one; decides among equal priorities (`dependency_first`). */
  readonly weight: number;
  readonly parallelLimit: number;
  /** Keys taken for as long as it runs. */
  readonly locks: readonly string[];
  readonly provider: string | undefined;
  readonly cpuCores: number;
  /** When it became ready. */
  readonly since: number;
}

export interface SchedulerOptions {
  readonly strategy: 'dependency_first' | 'priority' | 'fifo';
  readonly maxConcurrent: number;
  /** 0 is unlimited. */
  readonly maxCpuCores: number;
  readonly enablePreemption: boolean;
  /** Operations at once for a provider; unlimited when absent. */
  readonly providerLimits: Readonly<Record<string, number>>;
}

interface Entry extends Ticket {
  readonly order: number;
  effective: number;
}

/** Priority gained for each minute of waiting, and the most of it: nothing starves (12 §4). */
const ageingInterval = 60_000;
const ageingLimit = 50;

/** Priorities that hold back workflows below {@link yielding} when preemption is on. */
const urgent = 90;
const yielding = 50;

/**
 * Decides what starts next (12 §4): pure bookkeeping, no clock of its own. A ticket that cannot start is parked under
 * the one thing that it waits for and looked at again only when that is released, so that the cost of a decision does
 * not grow with the number of tickets.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #ready: Heap<Entry>;
  readonly #parked = new Map<string, Heap<Entry>>();
  readonly #running = new Map<string, Ticket>();
  readonly #perWorkflow = new Map<string, number>();
  readonly #perProvider = new Map<string, number>();
  readonly #locks = new Map<string, string>();
  readonly #open = new Set<string>();
  readonly #trials = new Set<string>();
  #cpu = 0;
  #order = 0;
  #urgentWaiting = 0;
  #agedAt = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#ready = new Heap(this.#before);
  }

  get waiting(): number {
    let parked = 0;
    for (const heap of this.#parked.values()) parked += heap.size;
    return this.#ready.size + parked;
  }

  get running(): number {
    return this.#running.size;
  }

  add(ticket: Ticket): void {
    if (ticket.priority >= urgent) this.#urgentWaiting++;
    this.#ready.push({ ...ticket, order: this.#order++, effective: ticket.priority });
  }

  /**
   * The next ticket that may start, with its locks and slots taken; `undefined` when none may.
   * @param wanted whether the ticket is still meant: tickets of cancelled work are dropped here
   */
  next(now: number, wanted: (ticket: Ticket) => boolean): Ticket | undefined {
    this.#age(now);
    while (this.#running.size < this.#options.maxConcurrent) {
      const entry = this.#ready.pop();
      if (!entry) return undefined;
      if (!wanted(entry)) {
        this.#left(entry);
        this.#unpark(`workflow:${entry.workflow}`);
        continue;
      }
      const obstacle = this.#obstacle(entry);
      if (obstacle === undefined) {
        this.#left(entry);
        this.#take(entry);
        return entry;
      }
      this.#park(obstacle, entry);
      this.#passOn(entry, obstacle);
    }
    return undefined;
  }

  /** Counts work that has been running since before a restart. */
  restore(ticket: Ticket): void {
    this.#take(ticket);
  }

  /** Gives back what a started ticket holds. */
  release(workflow: string, op: number, undo: boolean): void {
    const key = runningKey(workflow, op, undo);
    const ticket = this.#running.get(key);
    if (!ticket) return;
    this.#running.delete(key);
    decrement(this.#perWorkflow, workflow);
    this.#unpark(`workflow:${workflow}`);
    if (ticket.provider !== undefined) {
      decrement(this.#perProvider, ticket.provider);
      this.#unpark(`provider:${ticket.provider}`);
    }
    for (const lock of ticket.locks) {
      this.#locks.delete(lock);
      this.#unparkAll(`lock:${lock}`);
    }
    if (ticket.cpuCores > 0) {
      this.#cpu -= ticket.cpuCores;
      this.#unparkAll('cpu');
    }
  }

  /** Why a ready operation does not run: the thing it is parked under. */
  reason(workflow: string, op: number): string | undefined {
    for (const [obstacle, heap] of this.#parked) {
      if (heap.some((entry) => entry.workflow === workflow && entry.op === op))
        return this.#explain(obstacle);
    }
    return undefined;
  }

  /** What waits, for people: by priority, by kind, and the longest wait in seconds. */
  describe(now: number): {
    readonly oldest_wait_seconds: number;
    readonly by_priority: Readonly<Record<string, number>>;
    readonly by_type: Readonly<Record<string, number>>;
    readonly blocked: readonly { readonly reason: string; readonly count: number }[];
  } {
    const byPriority: Record<string, number> = {};
    const byType = new Map<string, number>();
    let oldest = now;
    const look = (entry: Entry) => {
      byPriority[entry.priority] = (byPriority[entry.priority] ?? 0) + 1;
      byType.set(entry.type, (byType.get(entry.type) ?? 0) + 1);
      oldest = Math.min(oldest, entry.since);
      return false;
    };
    this.#ready.some(look);
    for (const heap of this.#parked.values()) heap.some(look);
    return {
      oldest_wait_seconds: Math.max(0, Math.round((now - oldest) / 1000)),
      by_priority: byPriority,
      // The kinds come from whoever wrote the workflow.
      by_type: Object.fromEntries(byType),
      blocked: [...this.#parked]
        .slice(0, 100)
        .map(([key, heap]) => ({ reason: this.#explain(key), count: heap.size })),
    };
  }

  /** Stops new starts on a dependency while its circuit is open. */
  openCircuit(provider: string): void {
    this.#open.add(provider);
  }

  closeCircuit(provider: string): void {
    if (this.#open.delete(provider)) this.#unparkAll(`circuit:${provider}`);
  }

  /** Lets one operation through an open circuit (half-open, 12 §6). */
  tryCircuit(provider: string): void {
    this.#trials.add(provider);
    this.#unpark(`circuit:${provider}`);
  }

  #obstacle(entry: Entry): string | undefined {
    const { maxCpuCores, enablePreemption, providerLimits } = this.#options;
    if ((this.#perWorkflow.get(entry.workflow) ?? 0) >= entry.parallelLimit)
      return `workflow:${entry.workflow}`;
    for (const lock of entry.locks) if (this.#locks.has(lock)) return `lock:${lock}`;
    const { provider } = entry;
    if (provider !== undefined) {
      if (this.#open.has(provider) && !this.#trials.delete(provider)) return `circuit:${provider}`;
      const limit = providerLimits[provider];
      if (limit !== undefined && (this.#perProvider.get(provider) ?? 0) >= limit)
        return `provider:${provider}`;
    }
    // A single operation larger than the limit would never start: it may run alone.
    if (maxCpuCores > 0 && this.#cpu > 0 && this.#cpu + entry.cpuCores > maxCpuCores) return 'cpu';
    if (enablePreemption && this.#urgentWaiting > 0 && entry.priority < yielding) return 'preempted';
    return undefined;
  }

  #take(ticket: Ticket): void {
    this.#running.set(runningKey(ticket.workflow, ticket.op, ticket.undo), ticket);
    increment(this.#perWorkflow, ticket.workflow);
    if (ticket.provider !== undefined) increment(this.#perProvider, ticket.provider);
    for (const lock of ticket.locks) this.#locks.set(lock, ticket.workflow);
    this.#cpu += ticket.cpuCores;
  }

  #left(entry: Entry): void {
    if (entry.priority >= urgent && --this.#urgentWaiting === 0) this.#unparkAll('preempted');
  }

  /** The slots that a parked ticket could have used go to the next one that waits for them. */
  #passOn({ workflow, provider }: Entry, obstacle: string): void {
    if (!obstacle.startsWith('workflow:')) this.#unpark(`workflow:${workflow}`);
    if (provider === undefined || obstacle.startsWith('provider:')) return;
    const limit = this.#options.providerLimits[provider];
    if (limit !== undefined && (this.#perProvider.get(provider) ?? 0) < limit)
      this.#unpark(`provider:${provider}`);
  }

  #park(obstacle: string, entry: Entry): void {
    let heap = this.#parked.get(obstacle);
    if (!heap) this.#parked.set(obstacle, (heap = new Heap(this.#before)));
    heap.push(entry);
  }

  #unpark(obstacle: string): void {
    const heap = this.#parked.get(obstacle);
    const entry = heap?.pop();
    if (entry) this.#ready.push(entry);
    if (heap?.size === 0) this.#parked.delete(obstacle);
  }

  #unparkAll(obstacle: string): void {
    const heap = this.#parked.get(obstacle);
    if (!heap) return;
    this.#parked.delete(obstacle);
    for (const entry of heap.drain()) this.#ready.push(entry);
  }

  #age(now: number): void {
    if (now - this.#agedAt < ageingInterval) return;
    this.#agedAt = now;
    if (this.#options.strategy === 'fifo') return;
    const grow = (entry: Entry) => {
      const minutes = Math.floor((now - entry.since) / ageingInterval);
      entry.effective = entry.priority + Math.max(0, Math.min(ageingLimit, minutes));
    };
    this.#ready.rebuild(grow);
    for (const heap of this.#parked.values()) heap.rebuild(grow);
  }

  #explain(obstacle: string): string {
    const [kind, name = ''] = split(obstacle);
    if (kind === 'lock') return `locked by workflow ${this.#locks.get(name) ?? ''}`.trimEnd();
    if (kind === 'workflow') return 'parallel limit of the workflow';
    if (kind === 'provider') return `limit of provider ${name}`;
    if (kind === 'circuit') return `circuit of provider ${name} is open`;
    return kind === 'cpu' ? 'limit of cpu cores' : 'held back by urgent work';
  }

  readonly #before = (a: Entry, b: Entry): boolean => {
    // Compensations first: they free what others wait for.
    if (a.undo !== b.undo) return a.undo;
    if (this.#options.strategy !== 'fifo') {
      if (a.effective !== b.effective) return a.effective > b.effective;
      if (this.#options.strategy === 'dependency_first' && a.weight !== b.weight) return a.weight > b.weight;
    }
    return a.order < b.order;
  };
}

function runningKey(workflow: string, op: number, undo: boolean): string {
  return `${workflow}/${op}${undo ? '/undo' : ''}`;
}

function split(obstacle: string): [string, string?] {
  const at = obstacle.indexOf(':');
  return at < 0 ? [obstacle] : [obstacle.slice(0, at), obstacle.slice(at + 1)];
}

function increment(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function decrement(map: Map<string, number>, key: string): void {
  const left = (map.get(key) ?? 1) - 1;
  if (left === 0) map.delete(key);
  else map.set(key, left);
}
