import { access } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * What a command writes replaces nothing by accident.
 * @throws ProvisioningError `FILE_EXISTS` for a file that is there, unless forced.
 */
export async function refuseExisting(file: string, force: boolean): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere || force) return;
  throw new ProvisioningError({
    code: 'FILE_EXISTS',
    kind: 'conflict',
    message: `There is a file already: ${file}`,
    hint: 'Replace it with --force, or name another with --output.',
  });
}
