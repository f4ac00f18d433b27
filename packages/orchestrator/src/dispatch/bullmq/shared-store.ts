import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * Workers keep leases and results beside the journal, in tables that only PostgreSQL has so far.
 * @throws ProvisioningError when the store cannot be shared by workers (12 §10)
 */
export function requireSharedStore(type: string): void {
  if (type === 'postgres') return;
  throw new ProvisioningError({
    code: 'CONFIGURATION_ERROR',
    kind: 'configuration',
    message: `dispatcher bullmq requires a shared store, got ${type}`,
    hint: 'Set storage.type to postgres',
  });
}
