export { provider as default } from './provider.ts';
export { ProvisionUpcloud, ServerUpcloud, StorageBackup, UpcloudConfig } from './config.ts';
export { makeProvisionUpcloud, makeServerUpcloud, makeStorageBackup } from './makers.ts';
