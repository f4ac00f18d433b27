import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../../..');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. `onOutput` sees all it has said so far, with every piece. */
export function runProgram(
  command: string,
  words: readonly string[],
  options: {
    readonly cwd?: string;
    readonly environment?: NodeJS.ProcessEnv;
    readonly onOutput?: (text: string, child: ChildProcess) => void;
    readonly input?: string;
  } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...words], {
      cwd: options.cwd,
      env: options.environment ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(stdout + stderr, child);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      options.onOutput?.(stdout + stderr, child);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** Runs a target of the build, as `npm run <target>` does, at a fixed time. */
export function runTarget(target: string, ...words: readonly string[]): Promise<Ended> {
  return runProgram(process.execPath, [join(root, 'tools/build/run.ts'), target, ...words], {
    environment: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
  });
}
