import type { ProvisionUpcloud, ServerUpcloud, StorageBackup } from './config.ts';

export const makeStorageBackup = (overrides: Partial<StorageBackup> = {}): StorageBackup => ({
  backup_id: '',
  frequency: 'daily',
  retention_days: 7,
  ...overrides,
});

export const makeServerUpcloud = (overrides: Partial<ServerUpcloud> = {}): ServerUpcloud => ({
  name: '',
  plan: '1xCPU-1GB',
  zone: 'us-nyc1',
  storage_backups: [],
  ...overrides,
});

export const makeProvisionUpcloud = (overrides: Partial<ProvisionUpcloud> = {}): ProvisionUpcloud => ({
  api_key: '',
  api_password: '',
  servers: [],
  ...overrides,
});
