import { ProvisioningError } from '@provisioning/extensions-sdk';

export interface Load {
  readonly draining: boolean;
  /** Records are being restored. */
  readonly held: boolean;
  readonly storeError: Error | undefined;
  /** Workflows that have not ended. */
  readonly active: number;
  readonly limit: number;
}

/** Seconds after which a refused submission may be tried again. */
const retryAfter = 5;

/** @throws ProvisioningError `SHUTTING_DOWN`, `RESTORING`, `STORAGE_UNAVAILABLE` or `QUEUE_FULL` when no workflow can be accepted */
export function refuseWhenBusy({ draining, held, storeError, active, limit }: Load): void {
  const refuse = (code: string, message: string, hint?: string) =>
    new ProvisioningError({ code, kind: 'unavailable', message, hint, retryable: true, retryAfter });
  if (draining) throw refuse('SHUTTING_DOWN', 'The orchestrator is shutting down');
  if (held) throw refuse('RESTORING', 'Records are being restored from a checkpoint');
  if (storeError) {
    throw refuse(
      'STORAGE_UNAVAILABLE',
      `The state store refuses writes: ${storeError.message}`,
      'Free disk space or repair the store; writing is tried again every 5 s',
    );
  }
  if (active >= limit)
    throw refuse('QUEUE_FULL', `The queue holds ${active} workflows, its limit is ${limit}`);
}
