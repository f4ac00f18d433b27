import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import type { RunOptions, RunResult, Transport } from '@provisioning/extensions-sdk';
import { LineCollector } from './lines.ts';
import { RunWatch } from './run-watch.ts';
import { interrupted, protocolFailure } from './transport-error.ts';

/** This machine: commands run in a shell of their own process group. */
export class LocalTransport implements Transport {
  readonly name = 'localhost';
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
  }

  run(command: string, options: RunOptions = {}): Promise<RunResult> {
    if (options.signal?.aborted === true) {
      return Promise.reject(interrupted(this.name, options.signal.reason));
    }
    return new Promise((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', command], {
        detached: true,
        env: { ...this.#environment, ...options.environment },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const { onLine } = options;
      const stdout = new LineCollector(onLine && ((line) => onLine(line, 'stdout')));
      const stderr = new LineCollector(onLine && ((line) => onLine(line, 'stderr')));
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      const settle = (action: () => void): void => {
        watch.end();
        action();
      };
      const watch = new RunWatch(
        this.name,
        options,
        () => stopGroup(child.pid),
        (error) => settle(() => reject(error)),
      );
      child.on('error', (error) =>
        settle(() => reject(protocolFailure(this.name, `no shell: ${error.message}`, error))),
      );
      child.on('close', (code, signal) => {
        const result = { stdout: stdout.finish(), stderr: stderr.finish() };
        settle(() => {
          if (watch.reason !== undefined) reject(watch.reason);
          else if (signal === null) resolve({ ...result, code: code ?? 0 });
          else resolve({ ...result, code: 128 + constants.signals[signal], signal });
        });
      });
      feed(child.stdin, options.input);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Sends the input; a command that does not read it all is no error. */
export function feed(target: NodeJS.WritableStream, input: RunOptions['input'], preamble = ''): void {
  target.on('error', () => undefined);
  if (preamble !== '') target.write(preamble);
  if (input === undefined) target.end();
  else if (input instanceof Readable) {
    input.on('error', () => target.end());
    input.pipe(target);
  } else target.end(input);
}

function stopGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  send('SIGTERM');
  setTimeout(() => send('SIGKILL'), 2_000).unref();
}
