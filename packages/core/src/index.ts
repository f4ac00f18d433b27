export { describeExtension } from './extensions/record.ts';
export type { ExtensionDescription, ExtensionRecord, RejectedExtension } from './extensions/record.ts';
export { ExtensionCatalogue, refusePath } from './extensions/discover.ts';
export type { DiscoveryOptions } from './extensions/discover.ts';
export { outrankedWarning } from './extensions/outranked.ts';
export type { DiscoveryRoots } from './extensions/roots.ts';
export { cataloguePackage } from './extensions/roots.ts';
export { kindFolder, kinds as extensionKinds, parseKind } from './extensions/kinds.ts';
export type { ExtensionKind, ExtensionLayer } from './extensions/kinds.ts';
export { type ManifestFile, readManifest } from './extensions/manifest.ts';
export { compareVersions, parseRange, satisfies } from './extensions/version.ts';
export {
  listRegisteredExtensions,
  registerExtension,
  unregisterExtension,
} from './extensions/registrations.ts';
export * from './modules/index.ts';
export * from './cluster/index.ts';
export * from './layers/index.ts';
export * from './templates/index.ts';
export {
  type ProviderTemplate,
  type Scaffold,
  type ScaffoldOptions,
  type TaskservPattern,
  generateExtension,
  providerTemplates,
  scaffolds,
  taskservPatterns,
} from './scaffolds/generate.ts';
export { workflowText } from './scaffolds/workflow.ts';
export {
  type DisableOptions,
  type EnableOptions,
  activateExtension,
  disableExtension,
  enableExtension,
} from './modules/enable.ts';
export {
  configurationPrefix,
  type ConfiguredExtension,
  configureExtension,
  settingsSchema,
} from './extensions/configure.ts';
export { extensionReference } from './extensions/reference-page.ts';
export { fileAudit } from './extensions/isolation/audit.ts';
export { type TestReport, type TestType, parseTestTypes, runExtensionTests } from './extensions/run-tests.ts';
export { type StructureReport, validateExtensionStructure } from './extension-validation/structure.ts';
export {
  type ValidationReport,
  type ValidationRule,
  validateExtension,
} from './extension-validation/validate.ts';
export { importProvider, initialiseProvider, loadProvider } from './extensions/provider-loader.ts';
export { type AuditSink, type ExtensionUse, extensionAuditFile } from './extensions/isolation/audit.ts';
export * from './providers/index.ts';
export * from './runtime/index.ts';
export { canonicalJson, withSortedKeys } from './files/canonical-json.ts';
export { fileError, type LockOptions, makeFolder, withFileLock, writeFileAtomic } from './files/atomic.ts';
export { databaseFile } from './state/database-file.ts';
export { type GroupScalingRecord, StateFile } from './state/state.ts';
export type { InfrastructureState, ServerRecord, TaskservRecord } from './state/state.ts';

export { createTransports, ensureWorkspaceKey, shellQuote } from './transport/index.ts';
export type { TransportOptions, WorkspaceKey } from './transport/index.ts';
export {
  createDirectly,
  directSpecification,
  type DirectServer,
  smallestPlan,
} from './operations/server/direct-server.ts';
export { chooseSize } from './operations/server/specification.ts';
export { operationOf, operations, runGraph, runOperation } from './execution/operations.ts';
export { serverLogFile } from './execution/server-log.ts';
export type { GraphEvent, NodeResult, RunGraphOptions, RunOptions } from './execution/run-graph.ts';
export { openProject } from './project/open.ts';
export type { OpenProjectOptions, OpenedProject } from './project/open.ts';
export { infraPath } from './state/paths.ts';
export { Project } from './project/project.ts';
export type { ConfigurationReader, ProjectOptions } from './project/project.ts';
export * from './config/index.ts';
export { compileExpression, namesIn } from './expression/expression.ts';
export * from './forms/index.ts';
export * from './health/index.ts';
export * from './backup/index.ts';
export * from './cost/index.ts';
export * from './infra/index.ts';
export * from './utilisation/index.ts';
export * from './workspace/index.ts';
export * from './taskserv/index.ts';
export {
  type SandboxReport,
  type SandboxTest,
  sandboxTestTypes,
  type SandboxTestType,
  testTaskserv,
} from './sandbox/taskserv-tests.ts';
export * from './operations/taskserv/index.ts';
export { deletionNode, planDeploy } from './plan/deploy.ts';
export type { DefinedInfrastructure, PlanOptions } from './plan/deploy.ts';
export { planDestroy } from './plan/destroy.ts';
export { observeProviders, observeReachable, type ObservedProvider, refreshState } from './plan/observe.ts';
export { type PlannedCost, priceServers } from './plan/price.ts';
export { planNetwork } from './plan/network.ts';
export { planNetworkRemoval, planStorageRemoval } from './plan/removal.ts';
export { type ListedStorage, listStorage, planStorage } from './plan/storage.ts';
export { planScale, type ScalePlan } from './plan/scale.ts';
export {
  checkPlan,
  type PlannedServer,
  planServers,
  selectServers,
  type ServerCreationOptions,
  type ServerCreationPlan,
} from './plan/servers.ts';
export { withInfrastructureLock } from './state/lock.ts';
export { type PlannedTaskserv, taskservIssues, taskservsOf } from './plan/uses.ts';
export { type Balancer, balancerEndpoint, balancersBetween } from './plan/balancers.ts';
export { readShares, type TrafficShares } from './traffic/shares.ts';
export {
  type SelectedTaskservs,
  selectTaskservs,
  type TaskservSelection,
} from './plan/taskserv-selection.ts';
export { closeRun, openRun, supersedeRuns, type TaskservRun, unfinishedRun } from './plan/taskserv-runs.ts';
export { planRollback, planUpdate, type UpdateOptions, type UpdatePlan } from './plan/taskserv-update.ts';
export { hasChanges, summarize } from './plan/plan.ts';
export type { Plan, PlanSummary } from './plan/plan.ts';
