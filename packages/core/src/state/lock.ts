import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { withFileLock } from '../files/atomic.ts';
import { infraPath } from './paths.ts';

/**
 * Runs `work` while no other process of this machine changes the infrastructure (05 §11). A second one waits; the lock
 * of a dead process is taken over.
 * @param patience seconds to wait, default 10
 * @throws ProvisioningError `INFRASTRUCTURE_BUSY` naming the process that holds it (exit 1)
 */
export async function withInfrastructureLock<T>(
  place: Parameters<typeof infraPath>[0],
  work: () => Promise<T>,
  patience = 10,
): Promise<T> {
  let inside = false;
  try {
    return await withFileLock(
      join(infraPath(place), 'data', 'operation'),
      () => {
        inside = true;
        return work();
      },
      patience,
    );
  } catch (error) {
    if (inside || !(error instanceof ProvisioningError) || error.code !== 'RESOURCE_BUSY') throw error;
    const pid = /\(pid (\w+)\)/.exec(error.message)?.[1] ?? 'unknown';
    throw new ProvisioningError({
      code: 'INFRASTRUCTURE_BUSY',
      kind: 'conflict',
      message: `Another operation is running on ${place.infra} (pid ${pid})`,
      hint: 'Wait for it to finish, then run this one again.',
      retryable: true,
      cause: error,
    });
  }
}
