export { provider as default } from './provider.ts';
export {
  makeProvisionUpcloud,
  makeServerUpcloud,
  makeStorageBackup,
  ProvisionUpcloud,
  ServerUpcloud,
  StorageBackup,
  UpcloudConfig,
} from './config.ts';
