export { recordForcedRelease } from './locks/audit.ts';
export { type WorkspaceConfigurationFile, workspaceConfigurationFiles } from './configuration-files.ts';
export { type ConvertOptions, convertMainFile } from './convert-main-file.ts';
export {
  type BackupListing,
  type RestoreResult,
  backupWorkspace,
  listBackups,
  restoreWorkspace,
  sizeOf,
} from './backup.ts';
export { type BackupComponent, backupComponents } from './backup-contents.ts';
export { type BackupRecord, readBackupRecord, verifyBackup } from './backup-directory.ts';
export {
  type Compatibility,
  type VersionReport,
  compatibilityOf,
  requireCompatible,
  versionReport,
} from './compatibility.ts';
export {
  createContext as createNamedContext,
  deleteContext,
  listContexts,
  setDefaultInfra,
  setEnvironment,
  switchContext,
} from './contexts.ts';
export { type DeployedVersion, deployedVersion, recordDeployed } from './deployed.ts';
export { freezeWorkspace } from './freeze.ts';
export { usedByFrozen } from './freeze-extensions.ts';
export {
  type FrozenInfrastructure,
  type FrozenManifest,
  listFrozen,
  openFrozen,
  readManifest as readFrozenManifest,
  removeFrozen,
  verifyFrozen,
} from './frozen.ts';
export {
  branches as workspaceBranches,
  cloneWorkspace,
  gitDiff,
  gitState,
  gitStatus,
  initRepository,
  plainSecret,
  pullWorkspace,
  pushWorkspace,
  syncWorkspace,
} from './git.ts';
export { overlays as environmentTemplates, projectFile } from './generated-files.ts';
export { type WorkspaceInfo, workspaceInfo } from './info.ts';
export { type InitOptions, type InitResult, initWorkspace } from './init.ts';
export { isWorkspace } from '../config/definition-formats.ts';
export { listInfrastructures } from './layout.ts';
export { giteaRemote } from './gitea-remote.ts';
export { type CoreSettings, type CoreSource, coreSources } from './core-package.ts';
export { acquireLock, isLocked, listLocks, releaseLock, userName, withWorkspaceLock } from './locks/lock.ts';
export { localLocks } from './locks/local.ts';
export { checkLockCommand, modeLocks, underModeLock } from './locks/mode-rules.ts';
export {
  type LockProviderName,
  type OpenedLocks,
  lockProviderName,
  lockProviders,
  openLocks,
} from './locks/provider.ts';
export { type LockProvider, type LockType, type WorkspaceLock, lockConflict } from './locks/record.ts';
export {
  type CleanupType,
  type HealthFinding,
  type WorkspaceStatus,
  cleanupWorkspace,
  deleteWorkspace,
  workspaceHealth,
  workspaceStatus,
} from './maintenance.ts';
export {
  type WorkspaceListing,
  activateWorkspace,
  activeWorkspace,
  listWorkspaces,
  registerWorkspace,
  removeWorkspace,
} from './manage.ts';
export type { RegisteredWorkspace } from './legacy-registry.ts';
export { type WorkspaceMetadata, readMetadata } from './metadata.ts';
export { type Retention, expiredBackups } from './retention.ts';
export { type MigrationPlan, type MigrationResult, migrateWorkspace } from './migrate.ts';
export { generatedProviderFile } from './provider-file.ts';
export { getPreference, preferenceRules, preferences, setPreference } from './preferences.ts';
export { type WorkspaceReference, parseReference } from './reference.ts';
export { type NamedContext, type RegistryData, WorkspaceRegistry } from './registry.ts';
export { type SelectOptions, type Selection, selectWorkspace } from './select.ts';
export { InfrastructureAnswers, modeLabels, templateOfAnswers } from './templates/answers.ts';
export { workspaceTemplates } from './templates/index.ts';
export { etcdOptions } from './locks/provider.ts';
export type { WorkspaceFormat } from './format.ts';
export { inLanguage } from './format.ts';
export { WorkspaceRequests } from './requests/requests.ts';
export {
  approvalTeams,
  checkRequestMode,
  requestStates,
  requireApproval,
  type Teams,
  type WorkspaceRequest,
} from './requests/rules.ts';
export {
  type GeneratedInfrastructure,
  type GenerateInfrastructureOptions,
  generateInfrastructure,
} from './generate-infra.ts';
