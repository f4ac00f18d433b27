import { spawn } from 'node:child_process';
import { ProvisioningError } from '@provisioning/extensions-sdk';

export interface ChildResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds, default 30 s (02 §10). */
  readonly timeout?: number;
  /** File being evaluated, for messages. */
  readonly file: string;
}

const maximumOutput = 64 * 1024 * 1024;

/**
 * Runs an evaluator and collects what it prints. It gets its own process group, which is killed on abort and time-out.
 * @throws ProvisioningError `EVALUATION_TIMEOUT`, `INTERRUPTED`, `EVALUATION_FAILED` when it does not start
 */
export async function runChild(
  command: string,
  parameters: readonly string[],
  options: ChildOptions,
): Promise<ChildResult> {
  const timeout = options.timeout ?? 30_000;
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd: options.cwd,
      env: options.env as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let failure: ProvisioningError | undefined;
    const stop = (error: ProvisioningError): void => {
      failure ??= error;
      killGroup(child.pid);
    };
    const timer = setTimeout(() => {
      stop(
        problem(
          'EVALUATION_TIMEOUT',
          `Evaluation timed out after ${timeout / 1000} s: ${options.file}`,
          options.file,
        ),
      );
    }, timeout);
    const abort = (): void => {
      stop(
        new ProvisioningError({ code: 'INTERRUPTED', kind: 'interrupted', message: 'Operation interrupted' }),
      );
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    let size = 0;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumOutput)
          stop(problem('EVALUATION_FAILED', `Evaluation prints too much: ${options.file}`, options.file));
        else output[name].push(chunk);
      });
    }
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    const finish = (error: ProvisioningError | undefined, code: number): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      if (error !== undefined) reject(error);
      else
        resolve({
          code,
          stdout: Buffer.concat(output.stdout).toString(),
          stderr: Buffer.concat(output.stderr).toString(),
        });
    };
    child.on('error', (cause) => {
      finish(problem('EVALUATION_FAILED', `${command} does not start: ${cause.message}`, options.file), 1);
    });
    child.on('close', (code) => {
      finish(failure, code ?? 1);
    });
    if (options.signal?.aborted === true) abort();
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It ended on its own in the meantime.
  }
}

function problem(code: string, message: string, file: string): ProvisioningError {
  return new ProvisioningError({ code, kind: 'configuration', message, location: { file } });
}
