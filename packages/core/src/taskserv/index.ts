export {
  mergeConfig,
  resolveTaskservConfig,
  serverReferences,
  type TaskservConfig,
} from './configuration.ts';
export type { TaskservObservation } from './difference.ts';
export { ServerDirectory, type ServerReference, type ServerTarget } from './host.ts';
export { type ObserveOptions, observeServer, observeTaskservs, prepareTaskserv } from './observe.ts';
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
export type { Release } from './releases.ts';
export {
  availableReleases,
  availableVersions,
  checkUpdates,
  type InstalledTaskserv,
  type UpdateReport,
  type UpdateSources,
} from './updates.ts';
export {
  checkTaskservDependencies,
  type DependencyEntry,
  type DependencyReport,
  knownCapabilities,
  taskservManifests,
} from './catalogue.ts';
export { dependentsOf, installedOn } from './installed.ts';
export {
  type InstalledVersion,
  readHistories,
  readHistory,
  type ServerHistory,
  type TaskservHistory,
} from './history.ts';
export {
  joins,
  kubernetesNodes,
  type KubernetesNodes,
  nodeDefaults,
  nodesSetting,
  serversOfNodes,
} from './nodes.ts';
export { withSecrets } from './secret-values.ts';
export { backupFile, backupTaskserv, hasBackup, restoreTaskserv, type TaskservBackup } from './backup.ts';
export {
  checkRequirements,
  type TaskservHealthCheck,
  type TaskservHealthReport,
  taskservHealth,
  type TaskservStatus,
} from './status.ts';
export { type HostFailure, hostError } from './host-failure.ts';
export { switchUnits, unitVerbs, type UnitVerb } from './units.ts';
export { type VersionMigration, planMigration } from './migration.ts';
export { type MeshCombination, meshCombinations, replacementSteps } from './mesh.ts';
