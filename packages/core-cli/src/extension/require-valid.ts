import { stat } from 'node:fs/promises';
import { validateExtension } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * Refuses the folder of an extension that breaks a rule of 09 §3. An archive was checked when it was built.
 * @throws ProvisioningError `EXTENSION_INVALID`, exit 1.
 */
export async function requireValid(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) return;
  const report = await validateExtension(path, undefined);
  if (report.valid) return;
  const errors = Object.values(report.rules).flatMap((rule) => rule.errors);
  throw new ProvisioningError({
    code: 'EXTENSION_INVALID',
    message: `${path} is no valid extension: ${errors.join('; ')}`,
    hint: `see all that is said about it: provisioning oci package validate ${path}`,
    issues: errors.map((message) => ({ message })),
  });
}
