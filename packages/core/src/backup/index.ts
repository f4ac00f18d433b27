export {
  type InfrastructureBackupOptions,
  type PlannedBackup,
  planInfrastructureBackup,
  writeInfrastructureBackup,
} from './create.ts';
export {
  backupFolder,
  findInfrastructureBackup,
  type InfrastructureBackup,
  listInfrastructureBackups,
  type ServiceBackup,
} from './records.ts';
export {
  type OpenedBackup,
  openInfrastructureBackup,
  type RestoreComponent,
  restoreComponents,
  type RestoredFiles,
} from './restore.ts';
