import { ProvisioningError } from '@provisioning/extensions-sdk';

/** @throws ProvisioningError when the store cannot be shared by workers (12 §10) */
export function requireSharedStore(type: string): void {
  if (type === 'postgres' || type === 'surrealdb-server') return;
  throw new ProvisioningError({
    code: 'CONFIGURATION_ERROR',
    kind: 'configuration',
    message: `dispatcher bullmq requires a shared store, got ${type}`,
    hint: 'Set storage.type to postgres',
  });
}
