import type { OperationDefinition, WorkflowDefinition } from '@provisioning/client';
import { canonicalType, inputOf, reserved } from '../engine/plan.ts';
import type { Executor } from '../execution/executor.ts';

/** Verbs of the short forms, by their domain: `server_create` with a list of servers is a batch of one kind (12 §3). */
const verbs: Readonly<Record<string, ReadonlySet<string>>> = {
  server: new Set(['create', 'delete', 'update', 'start', 'stop', 'restart', 'resize']),
  taskserv: new Set(['create', 'delete', 'update']),
  cluster: new Set(['create', 'delete', 'update', 'deploy']),
};
/** Keys that tell the single form from the list form. */
const single: Readonly<Record<string, readonly string[]>> = {
  server: ['server'],
  taskserv: ['server', 'taskserv'],
};

/** A validated definition as it is stored: short forms written out, and the resources named that locks are taken on. */
export function prepare(
  definition: WorkflowDefinition,
  executor: Pick<Executor, 'resources'>,
): WorkflowDefinition {
  const operations = definition.operations.map((operation) => withResources(writtenOut(operation), executor));
  return { ...definition, operations };
}

/** `server_create` and the like over lists as the batch that does it; every other operation as it is. */
export function writtenOut(operation: OperationDefinition): OperationDefinition {
  const [domain = '', verb = ''] = canonicalType(operation.type).split('.');
  if (!verbs[domain]?.has(verb)) return operation;
  const input = inputOf(operation) as Record<string, unknown>;
  if (typeof input !== 'object' || input === null) return operation;
  if (single[domain]?.every((key) => typeof input[key] === 'object' && input[key] !== null)) return operation;
  const { input: _input, config: _config, ...rest } = operation;
  const kept = Object.entries(rest).filter(([key]) => reserved.has(key) || placing.has(key));
  return {
    ...(Object.fromEntries(kept) as OperationDefinition),
    type: `${domain}.batch`,
    input: { ...listsOf(domain, input), action: verb },
  };
}

/** Keys of an operation that say where it works; they are part of its input too. */
const placing: ReadonlySet<string> = new Set(['provider', 'infra', 'workspace']);

/** `taskserv: redis` is a list of one, `cluster_type` an old name of `cluster`. */
function listsOf(domain: string, input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { taskserv, cluster, cluster_type, version, config, ...rest } = input;
  if (domain === 'taskserv' && typeof taskserv === 'string') {
    const given = {
      name: taskserv,
      ...(version === undefined ? {} : { version }),
      ...(config === undefined ? {} : { config }),
    };
    return { ...rest, taskservs: [given] };
  }
  const name = cluster ?? cluster_type;
  if (domain === 'cluster' && typeof name === 'string') return { ...rest, clusters: [name] };
  return { ...input };
}

function withResources(
  operation: OperationDefinition,
  executor: Pick<Executor, 'resources'>,
): OperationDefinition {
  if (operation.resources !== undefined) return operation;
  const resources = executor.resources?.(canonicalType(operation.type), inputOf(operation)) ?? [];
  return resources.length === 0 ? operation : { ...operation, resources: [...resources] };
}
