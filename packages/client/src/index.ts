export { type Api, type OperationInput } from './call.ts';
export * from './client.ts';
export { type ClientEvents, type ConnectOptions } from './connected-client.ts';
export { Emitter, type Listener } from './emitter.ts';
export * from './errors.ts';
export { follow, type FollowOptions } from './follow.ts';
export {
  type CallOptions,
  Http,
  type HttpAnswer,
  type HttpOptions,
  type HttpRequest,
  type RetryOptions,
} from './http.ts';
export { operations, type OperationId } from './operations.ts';
export { type CacheOptions, type ClientOptions } from './options.ts';
export { isUnknown, ProvisioningClient } from './provisioning-client.ts';
export type {
  Batch,
  BatchConfig,
  ClusterConfig,
  ListFilters,
  Listed,
  ServerConfig,
  Snapshot,
  TaskservConfig,
  Versions,
} from './requests.ts';
export type { Authenticated, Credentials } from './session.ts';
export {
  type Logger,
  ProvisioningWebSocket,
  type SocketEvents,
  type SocketOptions,
  type TokenSource,
} from './socket.ts';
export { type WaitOptions } from './waiting.ts';
export * from './schemas/envelope.ts';
export * from './schemas/events.ts';
export { finalStatuses } from './schemas/final-statuses.ts';
export * from './schemas/records.ts';
export * from './schemas/schedules.ts';
export * from './schemas/status.ts';
export * from './schemas/workflow.ts';
export * from './schemas/outputs/index.ts';
