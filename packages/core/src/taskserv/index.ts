export { mergeConfig, resolveTaskservConfig, serverReferences } from './configuration.ts';
export type { TaskservObservation } from './difference.ts';
export { ServerDirectory, type ServerReference, type ServerTarget } from './host.ts';
export { type ObserveOptions, observeTaskservs, prepareTaskserv } from './observe.ts';
export { loadTaskservPackage, type TaskservPackage, TaskservPackages } from './package.ts';
export { type HostRun, runOnHost } from './run-on-host.ts';
export { type TaskservResolution, type ResolutionOptions, resolveTaskservs } from './dependencies.ts';
export {
  type TaskservValidation,
  type ValidationLevel,
  validateTaskserv,
  validationLevels,
} from './validate.ts';
export { judgeParallel, judgeUpdate, type UpdateRequest, type UpdateStep } from './update-policy.ts';
export { availableVersions, checkUpdates, type UpdateReport, type UpdateSources } from './updates.ts';
