import type { WorkflowDefinition } from '@provisioning/client';
import type { OperationNode } from '@provisioning/extensions-sdk';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { OpenedInfrastructure } from './infrastructures.ts';
import { serverNodes } from './server-nodes.ts';
import { taskservNodes } from './taskserv-nodes.ts';

/** What requests for work on resources have in common (13 §4). */
export interface WorkOptions {
  readonly check_mode?: boolean;
  readonly priority?: number;
  readonly timeout_seconds?: number;
  readonly retry_policy?: NonNullable<WorkflowDefinition['defaults']>['retry_policy'];
  readonly rollback_enabled?: boolean;
  readonly labels?: Record<string, string>;
  readonly parallel_limit?: number;
}

/** Everything that the definition asks for: servers, then what is on them. */
export async function deploymentNodes(opened: OpenedInfrastructure): Promise<OperationNode[]> {
  const { definition } = opened;
  const servers = serverNodes(definition, await opened.state(), { verb: 'create' });
  const nodes = [...servers];
  for (const server of definition.servers) {
    const names = server.taskservs.filter(({ enabled }) => enabled).map(({ name }) => name);
    if (names.length === 0) continue;
    const own = await taskservNodes(opened, { operation: 'create', names, servers: [server.hostname] });
    nodes.push(
      ...own.map((node) =>
        node.dependencies.length === 0 ? { ...node, dependencies: [`server-${server.hostname}`] } : node,
      ),
    );
  }
  return nodes;
}

/** A workflow of operations on one infrastructure, as the command line makes it. */
export function workflowOf(
  { workspace, definition }: OpenedInfrastructure,
  kind: NonNullable<WorkflowDefinition['kind']>,
  name: string,
  nodes: readonly OperationNode[],
  options: WorkOptions,
): WorkflowDefinition {
  if (nodes.length === 0) {
    throw new ProvisioningError({
      code: 'VALIDATION_FAILED',
      kind: 'usage',
      message: `There is nothing to do: '${definition.name}' defines nothing that this request is about`,
      details: [{ path: '/infra', message: 'defines nothing that this request is about' }],
    });
  }
  const { retry_policy, priority, timeout_seconds, rollback_enabled, labels, check_mode, parallel_limit } =
    options;
  return {
    name,
    version: '1.0.0',
    kind,
    workspace,
    infra: definition.name,
    environment: definition.environment,
    on_failure: 'continue',
    ...(priority === undefined ? {} : { priority }),
    ...(timeout_seconds === undefined ? {} : { timeout_seconds }),
    ...(rollback_enabled === undefined ? {} : { rollback_enabled }),
    ...(labels === undefined ? {} : { labels }),
    ...(parallel_limit === undefined ? {} : { parallel_limit }),
    ...(retry_policy === undefined ? {} : { defaults: { retry_policy } }),
    ...(check_mode ? { check_mode: true } : {}),
    operations: nodes.map((node) => ({
      id: node.id,
      type: node.type,
      name: node.name,
      input: node.input,
      dependencies: [...node.dependencies],
      resources: [...(node.resources ?? [])],
    })),
  };
}
