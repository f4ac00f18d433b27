import type { OnFailure, RetryPolicy, WorkflowDefinition, WorkflowKind } from '@provisioning/client';

/** How an operation is tried, every default filled in (12 §3). */
export type Retry = Required<Omit<RetryPolicy, 'retry_on'>> & Pick<RetryPolicy, 'retry_on'>;

export interface Edge {
  /** Index of the operation waited for. */
  readonly operation: number;
  readonly hard: boolean;
}

/** One operation, compiled: indexes instead of names, defaults filled in. */
export interface PlannedOperation {
  readonly index: number;
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly provider: string | undefined;
  readonly infra: string | undefined;
  readonly input: unknown;
  readonly dependencies: readonly Edge[];
  /** Operations that wait for this one. */
  readonly dependents: readonly Edge[];
  readonly resources: readonly string[];
  readonly retry: Retry;
  /** Milliseconds; 0 is none. */
  readonly timeout: number;
  readonly priority: number;
  readonly cpuCores: number;
  readonly continueOnError: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** How many operations wait for this one, directly or not (an upper bound in large graphs). */
  readonly weight: number;
  /** Gone from the definition when the workflow was resumed: it does not run again. */
  readonly removed: boolean;
}

/** A definition as it is stored: with what a resumption has changed. */
export type StoredDefinition = WorkflowDefinition & {
  readonly resumed?: { readonly revision: number; readonly removed: readonly string[] };
};

/** A workflow, compiled once at submission. Nothing in it ever changes. */
export interface WorkflowPlan {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly kind: WorkflowKind;
  readonly workspace: { readonly name: string; readonly path: string } | undefined;
  readonly infra: string | undefined;
  readonly environment: string | undefined;
  readonly priority: number;
  readonly parallelLimit: number;
  readonly onFailure: OnFailure;
  readonly rollbackEnabled: boolean;
  /** Milliseconds; 0 is none. */
  readonly timeout: number;
  readonly checkMode: boolean;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly operations: readonly PlannedOperation[];
  /** How often the definition was changed. */
  readonly revision: number;
}

/** Values for what a definition leaves open. */
export interface PlanDefaults {
  readonly retry: Retry;
  readonly timeoutSeconds: number;
  readonly parallelLimit: number;
  /** Of a whole workflow; 0 is none. */
  readonly workflowTimeoutSeconds: number;
  /** False: no workflow is rolled back, whatever it says itself. */
  readonly rollbackEnabled: boolean;
}

export const planDefaults: PlanDefaults = {
  retry: {
    max_attempts: 3,
    initial_delay_seconds: 5,
    backoff: 'exponential',
    multiplier: 2,
    max_delay_seconds: 300,
    jitter: 0.2,
  },
  timeoutSeconds: 3600,
  parallelLimit: 5,
  workflowTimeoutSeconds: 0,
  rollbackEnabled: true,
};

/** Keys of an operation that are not part of its input when it is written flat. */
export const reserved: ReadonlySet<string> = new Set([
  'id',
  'type',
  'name',
  'dependencies',
  'retry_policy',
  'timeout_seconds',
  'resource_limits',
  'priority',
  'continue_on_error',
  'labels',
  'resources',
  'input',
  'config',
]);

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Compiles a validated definition. Unknown soft dependencies are left out (12 §3 item 6).
 * @throws Error on what validation refuses: unknown hard dependency, cycle.
 */
export function compile(id: string, definition: StoredDefinition, defaults = planDefaults): WorkflowPlan {
  const indexes = new Map(definition.operations.map((operation, index) => [operation.id, index]));
  const shared = definition.defaults ?? {};
  const priority = definition.priority ?? 50;
  const removed = new Set(definition.resumed?.removed);
  const operations = definition.operations.map((operation, index): Mutable<PlannedOperation> => {
    const edges = new Map<number, boolean>();
    for (const item of [
      ...(operation.dependencies ?? []),
      ...(definition.dependencies?.[operation.id] ?? []),
    ]) {
      const edge = parseDependency(item);
      const target = indexes.get(edge.id);
      if (target === undefined) {
        if (edge.hard) throw new Error(`Unknown dependency: ${edge.id}`);
        continue;
      }
      edges.set(target, edges.get(target) || edge.hard);
    }
    return {
      index,
      id: operation.id,
      type: canonicalType(operation.type),
      name: operation.name ?? operation.id,
      provider: operation.provider ?? shared.provider,
      infra: operation.infra ?? shared.infra ?? definition.infra,
      input: inputOf(operation),
      dependencies: [...edges].map(([target, hard]) => ({ operation: target, hard })),
      dependents: [],
      resources: operation.resources ?? [],
      retry: { ...defaults.retry, ...shared.retry_policy, ...operation.retry_policy },
      timeout: (operation.timeout_seconds ?? shared.timeout_seconds ?? defaults.timeoutSeconds) * 1000,
      priority: operation.priority ?? priority,
      cpuCores: operation.resource_limits?.cpu_cores ?? 0,
      continueOnError: operation.continue_on_error ?? false,
      labels: operation.labels ?? {},
      weight: 0,
      removed: removed.has(operation.id),
    };
  });
  for (const operation of operations) {
    for (const { operation: target, hard } of operation.dependencies) {
      (operations[target]!.dependents as Edge[]).push({ operation: operation.index, hard });
    }
  }
  weigh(operations);
  const { workspace } = definition;
  return {
    id,
    name: definition.name,
    version: definition.version,
    kind: definition.kind ?? 'custom',
    workspace: typeof workspace === 'string' ? { name: workspace, path: '' } : workspace,
    infra: definition.infra,
    environment: definition.environment,
    priority,
    parallelLimit: definition.parallel_limit ?? defaults.parallelLimit,
    onFailure: definition.on_failure ?? 'stop',
    rollbackEnabled: defaults.rollbackEnabled && (definition.rollback_enabled ?? true),
    timeout: (definition.timeout_seconds ?? defaults.workflowTimeoutSeconds) * 1000,
    checkMode: definition.check_mode ?? false,
    configuration: definition.configuration ?? {},
    labels: definition.labels ?? {},
    operations,
    revision: definition.resumed?.revision ?? 0,
  };
}

/** `server_create` and `server.create` are the same type (12 §3). */
export function canonicalType(type: string): string {
  const dotted = type.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  return dotted.includes('.') ? dotted : dotted.replace('_', '.');
}

export function parseDependency(item: string | { id: string; kind?: 'hard' | 'soft' }): {
  readonly id: string;
  readonly hard: boolean;
} {
  if (typeof item !== 'string') return { id: item.id, hard: item.kind !== 'soft' };
  return item.startsWith('soft:') ? { id: item.slice(5), hard: false } : { id: item, hard: true };
}

/** What an operation needs, written under `input`, under `config`, or flat. */
export function inputOf(operation: WorkflowDefinition['operations'][number]): unknown {
  if (operation.input !== undefined) return operation.input;
  const flat = Object.entries(operation).filter(([key]) => !reserved.has(key));
  return { ...Object.fromEntries(flat), ...operation.config };
}

/** Order in which operations can run, or the members of a cycle (Kahn). */
export function topologicalOrder(
  dependencies: readonly (readonly number[])[],
): { readonly order: readonly number[] } | { readonly cycle: readonly number[] } {
  const count = dependencies.length;
  const open = dependencies.map((list) => list.length);
  const dependents: number[][] = Array.from({ length: count }, () => []);
  dependencies.forEach((list, index) => list.forEach((target) => dependents[target]!.push(index)));
  const order: number[] = [];
  for (let index = 0; index < count; index++) if (open[index] === 0) order.push(index);
  for (let next = 0; next < order.length; next++) {
    for (const dependent of dependents[order[next]!]!) if (--open[dependent]! === 0) order.push(dependent);
  }
  if (order.length === count) return { order };
  const trail: number[] = [];
  let at = open.findIndex((left) => left > 0);
  while (!trail.includes(at)) {
    trail.push(at);
    at = dependencies[at]!.find((target) => open[target]! > 0)!;
  }
  return { cycle: [...trail.slice(trail.indexOf(at)), at] };
}

/** Exact up to this many operations; beyond it paths are counted instead of operations. */
const exactWeights = 2000;

function weigh(operations: readonly Mutable<PlannedOperation>[]): void {
  const sorted = topologicalOrder(
    operations.map(({ dependencies }) => dependencies.map((edge) => edge.operation)),
  );
  if ('cycle' in sorted) {
    throw new Error(`CyclicDependency: ${sorted.cycle.map((index) => operations[index]!.id).join(' → ')}`);
  }
  const { order } = sorted;
  const exact = operations.length <= exactWeights;
  const reached: (bigint | undefined)[] = [];
  for (let position = order.length - 1; position >= 0; position--) {
    const operation = operations[order[position]!]!;
    if (exact) {
      let set = 0n;
      for (const { operation: target } of operation.dependents)
        set |= reached[target]! | (1n << BigInt(target));
      reached[operation.index] = set;
      operation.weight = operation.dependents.length === 0 ? 0 : bits(set);
    } else {
      let sum = 0;
      for (const { operation: target } of operation.dependents) sum += operations[target]!.weight + 1;
      operation.weight = Math.min(sum, operations.length);
    }
  }
}

function bits(set: bigint): number {
  let count = 0;
  for (const digit of set.toString(16))
    count += [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4][parseInt(digit, 16)]!;
  return count;
}
