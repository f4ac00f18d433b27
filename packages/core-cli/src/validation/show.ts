import type { ConfigurationReport, ValidationItem } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';

/** A report of findings for people and programs: warnings on standard error, errors as one failure with exit 3. */
export async function showReport(
  command: ProvisioningCommand,
  report: Pick<ConfigurationReport, 'valid' | 'errors' | 'warnings'>,
  lines: readonly string[],
): Promise<void> {
  const { out } = command;
  if (out.machine) {
    await out.result(report, () => []);
    if (!report.valid) command.exitCode = 3;
    return;
  }
  for (const item of report.warnings) out.warn(place(item) + item.message);
  if (!report.valid) throw invalid(report.errors);
  await out.result(report, () => lines);
}

function place({ file, line }: ValidationItem): string {
  return file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
}

function invalid(errors: readonly ValidationItem[]): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIG_INVALID',
    kind: 'configuration',
    message: 'Validation failed',
    issues: errors.map(({ field, file, line, message, frame }) => ({
      message,
      ...(file === undefined
        ? {}
        : {
            location: {
              file,
              ...(line === undefined ? {} : { line }),
              ...(field === '' ? {} : { key: field }),
            },
          }),
      ...(frame === undefined ? {} : { frame }),
    })),
  });
}
