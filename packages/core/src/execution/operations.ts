import {
  type Context,
  type Operation,
  type OperationNode,
  ProvisioningError,
} from '@provisioning/extensions-sdk';
import { Value } from 'typebox/value';
import { batchOperation } from './batch/batch.ts';
import { clusterBatch } from './batch/cluster.ts';
import { serverBatch } from './batch/server.ts';
import { taskservBatch } from './batch/taskserv.ts';
import { clusterComponent } from '../operations/cluster/component.ts';
import { clusterRecord, clusterWeight } from '../operations/cluster/record.ts';
import { clusterComponentRemove } from '../operations/cluster/remove.ts';
import { dnsDelete, dnsEnsure } from '../operations/dns/record.ts';
import { loadBalancerDelete, loadBalancerEnsure } from '../operations/network/load-balancer.ts';
import { networkDelete, networkEnsure } from '../operations/network/network.ts';
import { executeGraph, type GraphPlace, type NodeResult, type RunGraphOptions } from './run-graph.ts';
import { runLogged } from './server-log.ts';
import { serverCreate } from '../operations/server/create.ts';
import { serverDelete } from '../operations/server/delete.ts';
import { serverRestart, serverStart, serverStop } from '../operations/server/power.ts';
import { serverResize } from '../operations/server/resize.ts';
import { serverRollout } from '../operations/server/rollout.ts';
import { serverPackages } from '../operations/server/system-packages.ts';
import { serverUpdate } from '../operations/server/update.ts';
import { bucketDelete, bucketEnsure } from '../operations/storage/bucket.ts';
import { volumeDelete, volumeEnsure } from '../operations/storage/volume.ts';
import { taskservCreate } from '../operations/taskserv/create.ts';
import { taskservDelete } from '../operations/taskserv/delete.ts';
import { taskservRollback } from '../operations/taskserv/rollback.ts';
import { taskservUpdate } from '../operations/taskserv/update.ts';

/** Operations that are not made of others. */
const single = [
  serverCreate,
  serverDelete,
  serverStart,
  serverStop,
  serverRestart,
  serverUpdate,
  serverResize,
  serverPackages,
  serverRollout,
  networkEnsure,
  networkDelete,
  loadBalancerEnsure,
  loadBalancerDelete,
  volumeEnsure,
  volumeDelete,
  bucketEnsure,
  bucketDelete,
  taskservCreate,
  taskservDelete,
  taskservUpdate,
  taskservRollback,
  clusterComponent,
  clusterComponentRemove,
  dnsEnsure,
  dnsDelete,
  clusterRecord,
  clusterWeight,
] as unknown as readonly Operation[];

const batches = [
  batchOperation(serverBatch, operationOf),
  batchOperation(taskservBatch, operationOf),
  batchOperation(clusterBatch, operationOf),
] as unknown as readonly Operation[];

/** Every operation by its type. The CLI runs them directly, the orchestrator durably. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  [...single, ...batches].map((operation) => [operation.type, operation]),
);

/** The operation of a node with its input checked. @throws ProvisioningError `UNKNOWN_OPERATION`, `INVALID_INPUT`. */
export function operationOf(node: OperationNode): Operation {
  const operation = operations.get(node.type);
  if (operation === undefined) {
    throw new ProvisioningError({
      code: 'UNKNOWN_OPERATION',
      kind: 'usage',
      message: `Unsupported operation type: ${node.type}`,
      hint: `Known types: ${[...operations.keys()].join(', ')}`,
    });
  }
  const first = Value.Errors(operation.input, node.input)[0];
  if (first !== undefined) {
    throw new ProvisioningError({
      code: 'INVALID_INPUT',
      kind: 'usage',
      message: `Input of ${node.id} (${node.type}): ${first.instancePath || '/'} ${first.message}`,
    });
  }
  return operation;
}

/** Runs the operation of a node; the logs of its servers tell of it. */
export function runOperation(node: OperationNode, context: Context): Promise<unknown> {
  return runLogged(operationOf(node), node, context);
}

/** Runs a graph of the product's operations in this process, without a journal: what `--direct` does. */
export function runGraph(
  place: Pick<GraphPlace, 'context'>,
  graph: readonly OperationNode[],
  options: RunGraphOptions,
): Promise<readonly NodeResult[]> {
  const context: GraphPlace['context'] = (run, node) => place.context(run, node);
  return executeGraph({ context, operation: operationOf }, graph, options);
}
