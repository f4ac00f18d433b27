export { mergeConfig, resolveTaskservConfig, serverReferences } from './configuration.ts';
export type { TaskservObservation } from './difference.ts';
export { ServerDirectory, type ServerReference, type ServerTarget } from './host.ts';
export { type ObserveOptions, observeTaskservs, prepareTaskserv } from './observe.ts';
export { loadTaskservPackage, type TaskservPackage, TaskservPackages } from './package.ts';
export { type HostRun, runOnHost } from './run-on-host.ts';
