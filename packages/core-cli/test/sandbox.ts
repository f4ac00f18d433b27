import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPrivateService } from '@provisioning/provider-local/engine';

const root = join(import.meta.dirname, '../../..');
export const program = join(root, 'packages/core-cli/bin/provisioning.js');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user with folders and an orchestrator port of their own, and the real binary. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'provisioning-cli-'));
  readonly environment: Record<string, string>;

  private constructor(port: number) {
    this.environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      XDG_DATA_HOME: join(this.folder, 'data'),
      XDG_CACHE_HOME: join(this.folder, 'cache'),
      ORCHESTRATOR_SERVER_PORT: String(port),
    };
  }

  static async make(): Promise<Sandbox> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    return new Sandbox(typeof address === 'object' && address !== null ? address.port : 0);
  }

  run(
    words: readonly string[],
    options: {
      readonly environment?: Record<string, string>;
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

  async remove(): Promise<void> {
    await this.run(['orchestrator', 'stop', '--force', '--drain', '5']);
    await stopPrivateService({ variables: this.environment });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
