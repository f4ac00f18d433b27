import type { OperationDefinition, WorkflowDefinition } from '@provisioning/client';
import { canonicalType, parseDependency } from '../engine/plan.ts';

/** Workflows inside workflows, at most this deep (12 §5). */
const deepest = 8;

export interface Flattened {
  readonly definition: WorkflowDefinition;
  readonly errors: readonly { readonly message: string; readonly path: string }[];
}

/**
 * Takes nested workflows (operations of type `batch`) apart into operations of the one that contains them: `outer.inner`.
 * The outer id stays as the point where all of its members have ended, so that others can depend on it. A deep chain
 * costs no stack, no slot and no worker: nothing waits but the journal.
 */
export function flatten(definition: WorkflowDefinition): Flattened {
  if (!definition.operations.some(isNested)) return { definition, errors: [] };
  const errors: { message: string; path: string }[] = [];
  const operations: OperationDefinition[] = [];
  definition.operations.forEach((operation, index) => {
    if (isNested(operation)) {
      const shared = definition.dependencies?.[operation.id] ?? [];
      const outer = { ...operation, dependencies: [...(operation.dependencies ?? []), ...shared] };
      expand(outer, 2, `/operations/${index}`, operations, errors);
    } else operations.push(operation);
  });
  return { definition: { ...definition, operations }, errors };
}

function isNested({ type }: OperationDefinition): boolean {
  return canonicalType(type) === 'batch';
}

function expand(
  outer: OperationDefinition,
  depth: number,
  path: string,
  into: OperationDefinition[],
  errors: { message: string; path: string }[],
): void {
  const inner = innerOf(outer);
  if (depth > deepest) {
    errors.push({
      message: `Workflow nesting too deep: ${outer.id} is level ${depth}, at most ${deepest}`,
      path,
    });
    return;
  }
  if (inner === undefined) {
    errors.push({ message: `Operation '${outer.id}': a batch needs a workflow with operations`, path });
    return;
  }
  const name = (id: string) => `${outer.id}.${id}`;
  const waitedFor = new Set<string>();
  for (const member of inner.operations) {
    const own = [...(member.dependencies ?? []), ...(inner.dependencies?.[member.id] ?? [])].map(
      parseDependency,
    );
    const known = own.filter(({ id }) => inner.operations.some((other) => other.id === id));
    for (const { id } of known) waitedFor.add(id);
    const dependencies = [
      ...own.map(({ id, hard }) => ({ id: name(id), kind: hard ? ('hard' as const) : ('soft' as const) })),
      ...(known.length === 0 ? (outer.dependencies ?? []) : []),
    ];
    const operation: OperationDefinition = {
      ...member,
      id: name(member.id),
      name: member.name ?? member.id,
      dependencies,
      ...inherited(member, inner, outer),
    };
    if (isNested(member)) expand(operation, depth + 1, path, into, errors);
    else into.push(operation);
  }
  const ends = inner.operations.filter(({ id }) => !waitedFor.has(id));
  const {
    workflow: _workflow,
    config: _config,
    input: _input,
    ...join
  } = outer as OperationDefinition & {
    workflow?: unknown;
  };
  into.push({
    ...join,
    type: 'batch',
    dependencies: ends.map(({ id }) => ({ id: name(id), kind: 'hard' as const })),
    input: { operations: inner.operations.length },
  });
}

/** What members of a nested workflow take over from it, and from the operation that contains it. */
function inherited(
  member: OperationDefinition,
  inner: WorkflowDefinition,
  outer: OperationDefinition,
): Partial<OperationDefinition> {
  const shared = inner.defaults ?? {};
  const values = {
    retry_policy: member.retry_policy ?? shared.retry_policy,
    timeout_seconds: member.timeout_seconds ?? shared.timeout_seconds,
    provider: member.provider ?? shared.provider,
    infra: member.infra ?? shared.infra ?? inner.infra ?? outer.infra,
    priority: member.priority ?? inner.priority ?? outer.priority,
    continue_on_error: member.continue_on_error ?? outer.continue_on_error,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function innerOf(operation: OperationDefinition): WorkflowDefinition | undefined {
  const { workflow, input, config } = operation as OperationDefinition & { workflow?: unknown };
  for (const value of [
    workflow,
    config?.['workflow'],
    (input as { workflow?: unknown } | undefined)?.workflow,
    config,
    input,
  ]) {
    if (typeof value !== 'object' || value === null) continue;
    const { operations } = value as { operations?: unknown };
    if (Array.isArray(operations) && operations.length > 0) return value as WorkflowDefinition;
  }
  return undefined;
}
