import type { Operation } from '@provisioning/extensions-sdk';
import { clusterBatch } from './batch/cluster.ts';
import { serverBatch } from './batch/server.ts';
import { taskservBatch } from './batch/taskserv.ts';
import { clusterComponent } from './cluster/component.ts';
import { clusterRecord, clusterWeight } from './cluster/record.ts';
import { clusterComponentRemove } from './cluster/remove.ts';
import { dnsDelete, dnsEnsure } from './dns/record.ts';
import { loadBalancerEnsure, networkDelete, networkEnsure } from './network/network.ts';
import { serverCreate } from './server/create.ts';
import { serverDelete } from './server/delete.ts';
import { serverRestart, serverStart, serverStop } from './server/power.ts';
import { serverResize } from './server/resize.ts';
import { serverRollout } from './server/rollout.ts';
import { serverPackages } from './server/system-packages.ts';
import { serverUpdate } from './server/update.ts';
import { volumeDelete, volumeEnsure } from './storage/volume.ts';
import { taskservCreate } from './taskserv/create.ts';
import { taskservDelete } from './taskserv/delete.ts';
import { taskservRollback } from './taskserv/rollback.ts';
import { taskservUpdate } from './taskserv/update.ts';

const all: readonly Operation[] = [
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
  volumeEnsure,
  volumeDelete,
  taskservCreate,
  taskservDelete,
  taskservUpdate,
  taskservRollback,
  clusterComponent,
  clusterComponentRemove,
  serverBatch,
  taskservBatch,
  clusterBatch,
  dnsEnsure,
  dnsDelete,
  clusterRecord,
  clusterWeight,
] as unknown as readonly Operation[];

/** Every operation by its type. The CLI runs them directly, the orchestrator durably. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  all.map((operation) => [operation.type, operation]),
);
