import { spawn } from 'node:child_process';

/** How a program ended. `missing` when there is no such program. */
export interface ProbeResult {
  readonly ended: 'ok' | 'failed' | 'missing' | 'timeout';
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProbeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; a program that takes longer is killed and counts as not available. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** Runs a short question to a program, without a shell and without standard input. */
export function probe(words: readonly string[], options: ProbeOptions): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const [program = '', ...parameters] = words;
    const child = spawn(program, parameters, {
      env: options.env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const end = (ended: ProbeResult['ended']): void => {
      clearTimeout(timer);
      resolve({ ended, stdout, stderr });
    };
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
      // A child of the program may hold the pipes open; nobody waits for that.
      child.stdout.destroy();
      child.stderr.destroy();
      end('timeout');
    }, options.timeout);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (!late) end(cause.code === 'ENOENT' ? 'missing' : 'failed');
    });
    child.once('close', (code) => {
      if (!late) end(code === 0 ? 'ok' : 'failed');
    });
  });
}
