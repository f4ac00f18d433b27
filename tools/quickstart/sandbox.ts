import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPrivateService } from '@provisioning/provider-local/engine';

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'packages', 'core-cli', 'bin', 'provisioning.js');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user of their own: folders, orchestrator port and container engine service apart from everybody else's. */
export class Sandbox {
  readonly folder: string;
  /** The command line's file, for Node. */
  readonly program = program;
  readonly environment: Readonly<Record<string, string>>;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.environment = {
      ...(process.env as Record<string, string>),
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      ORCHESTRATOR_SERVER_PORT: String(port),
      PROVISIONING_NONINTERACTIVE: 'true',
      NO_COLOR: '1',
    };
  }

  static async make(): Promise<Sandbox> {
    return new Sandbox(await mkdtemp(join(tmpdir(), 'provisioning-user-')), await freePort());
  }

  /** Runs the real command line. */
  cli(
    args: readonly string[],
    options: {
      readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
      readonly environment?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], {
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
      options.onStart?.((signal) => child.kill(signal));
    });
  }

  /** Runs it in a terminal in which a person types `input`. */
  typed(args: readonly string[], input: string): Promise<Ended> {
    const line = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
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

  /** The JSON a command answers. @throws when it fails. */
  async json<T>(args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli([...args, '--out', 'json']);
    if (code !== 0) throw new Error(`provisioning ${args.join(' ')}: exit ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  }

  async remove(): Promise<void> {
    await stopPrivateService({ variables: this.environment });
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
