import { spawn } from 'node:child_process';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';

/**
 * Runs a program with this process's own streams and answers its exit code. Ctrl-C reaches it through the terminal; we
 * wait for what it makes of it.
 * @param variables Added to its environment.
 * @throws ProvisioningError `TOOL_NOT_FOUND` (exit 1)
 */
export async function runProgram(
  command: ProvisioningCommand,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [program = '', ...parameters] = words;
  const release = command.host.interruption.onInterrupt(() => undefined);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(program, parameters, {
        stdio: 'inherit',
        cwd: command.runtime.cwd,
        env: { ...command.runtime.environment, ...variables } as NodeJS.ProcessEnv,
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new ProvisioningError({
      code: 'TOOL_NOT_FOUND',
      message: `Required tool not found: ${program}`,
      cause,
    });
  } finally {
    release();
  }
}
