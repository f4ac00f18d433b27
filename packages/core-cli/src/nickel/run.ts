import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { findTool, nickel } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';

export interface NickelAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the `nickel` binary of `NICKEL_PATH` or `PATH` (02 §10).
 * @throws ProvisioningError `NICKEL_NOT_FOUND` (exit 3)
 */
export async function runNickel(
  command: ProvisioningCommand,
  parameters: readonly string[],
): Promise<NickelAnswer> {
  const { environment, cwd } = command.runtime;
  const binary = await findTool(nickel, environment);
  return new Promise((resolve, reject) => {
    const options = {
      cwd,
      env: environment as NodeJS.ProcessEnv,
      maxBuffer: 1 << 26,
      timeout: 30_000,
      signal: command.signal,
    };
    execFile(binary, parameters, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(error.killed === true ? timedOut(parameters) : error);
        return;
      }
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function timedOut(parameters: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'EVALUATION_TIMED_OUT',
    kind: 'configuration',
    message: `Evaluation timed out after 30 s: ${parameters[1] ?? ''}`,
  });
}

/** What nickel said, as an error of ours. */
export function nickelFailed(file: string, stderr: string): ProvisioningError {
  return new ProvisioningError({
    code: 'EVALUATION_FAILED',
    kind: 'configuration',
    message: `Nickel evaluation failed: ${stderr.trim() === '' ? file : stderr.trim()}`,
    location: { file, ...positionIn(file, stderr) },
  });
}

/** The first place in the file that the report names. */
function positionIn(file: string, report: string): { line?: number; column?: number } {
  const name = basename(file).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const match = new RegExp(`${name}:(\\d+):(\\d+)`).exec(report);
  return match === null ? {} : { line: Number(match[1]), column: Number(match[2]) };
}
