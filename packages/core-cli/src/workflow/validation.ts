import type { ValidationResult } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { counted } from '../output/counted.ts';

/**
 * Prints what the validation found. An invalid workflow is exit 1, with and without `strict` (12 §3).
 * @throws ProvisioningError `WORKFLOW_INVALID`.
 */
export async function printValidation(
  command: ProvisioningCommand,
  result: ValidationResult,
  strict: boolean,
): Promise<void> {
  const { out } = command;
  const failed = !result.valid || (strict && result.warnings.length > 0);
  if (out.machine || !failed) {
    await out.result(result, () => [
      `${out.style.mark('ok')} Workflow valid: ${result.workflow.name ?? ''} (${counted(result.workflow.operations, 'operation')})`,
    ]);
    if (!out.machine) for (const warning of result.warnings) out.warn(warning);
    if (failed) command.exitCode = 1;
    return;
  }
  const lines = result.valid ? result.warnings : result.errors;
  throw new ProvisioningError({
    code: 'WORKFLOW_INVALID',
    message: [
      result.valid ? 'Validation failed with warnings:' : 'Validation failed:',
      ...lines.map((line) => `- ${line}`),
    ].join('\n'),
  });
}
