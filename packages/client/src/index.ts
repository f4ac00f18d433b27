export * from './client.ts';
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
export * from './schemas/envelope.ts';
export * from './schemas/events.ts';
export * from './schemas/records.ts';
export * from './schemas/status.ts';
export * from './schemas/workflow.ts';
export * from './schemas/outputs.ts';
