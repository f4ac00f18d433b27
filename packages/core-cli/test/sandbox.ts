import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import { freePort } from '../../../tools/testing/free-port.ts';

const root = join(import.meta.dirname, '../../..');
/** The command line's file, for Node. */
export const program = join(root, 'packages/core-cli/bin/provisioning.js');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user with folders, an orchestrator port and a container engine service of their own, and the real binary. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'provisioning-user-'));
  readonly program = program;
  readonly environment: Record<string, string>;

  private constructor(port: number, variables: Readonly<Record<string, string>>) {
    this.environment = {
      PATH: process.env['PATH'] ?? '',
      ...variables,
      HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      XDG_DATA_HOME: join(this.folder, 'data'),
      XDG_CACHE_HOME: join(this.folder, 'cache'),
      XDG_RUNTIME_DIR: join(this.folder, 'run'),
      ORCHESTRATOR_SERVER_PORT: String(port),
    };
  }

  /** @param variables What else stands in the environment of the user. */
  static async make(variables: Readonly<Record<string, string>> = {}): Promise<Sandbox> {
    return new Sandbox(await freePort(), variables);
  }

  /** A user who makes servers: with what this machine needs to reach package servers, and never asked anything. */
  static forServers(): Promise<Sandbox> {
    const own = process.env as Record<string, string>;
    return Sandbox.make({ ...own, PROVISIONING_NONINTERACTIVE: 'true', NO_COLOR: '1' });
  }

  /** Runs the real command line. */
  run(
    words: readonly string[],
    options: {
      readonly environment?: Readonly<Record<string, string>>;
      readonly onStart?: (child: ChildProcess) => void;
      /** Another program than the command line. */
      readonly program?: string;
    } = {},
  ): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [options.program ?? program, ...words], {
        cwd: this.folder,
        env: { ...this.environment, ...options.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
      options.onStart?.(child);
    });
  }

  /** Runs it in a terminal in which a person types `input` when asked. */
  typed(words: readonly string[], input: string): Promise<Ended> {
    const line = [process.execPath, program, ...words].map((word) => `'${word}'`).join(' ');
    return new Promise((resolve, reject) => {
      const child = spawn('script', ['-qec', line, '/dev/null'], {
        cwd: this.folder,
        env: { ...this.environment, PROVISIONING_NONINTERACTIVE: '', SHELL: '/bin/sh' },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let stdout = '';
      let asked = false;
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        stdout += chunk;
        // Typed when it is asked for: a pipe that ends at once would end the terminal.
        if (!asked && /\(y\/N\)|\[yes\/no\]/.test(stdout)) {
          asked = true;
          child.stdin.end(input);
        }
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr: '' }));
    });
  }

  /** The JSON a command answers. @throws Error when it fails. */
  async json<T>(words: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run([...words, '--out', 'json']);
    if (code !== 0) throw new Error(`provisioning ${words.join(' ')}: exit ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Ends what the user started, and takes the folder away whatever happened. */
  async remove(): Promise<void> {
    try {
      await this.run(['orchestrator', 'stop', '--force', '--drain', '5']);
      await stopPrivateService({ variables: this.environment });
    } finally {
      // What is ending may still write.
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    }
  }
}
