import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const ownProgram = join(root, 'packages', 'core-cli', 'bin', 'provisioning.js');

interface Ended {
  readonly code: number;
  readonly stdout: string;
}

/** Drives the real command line as a user would. */
export class Cli {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #program: string;

  /**
   * @param environment of the commands; by default this process's own.
   * @param program file of the command line; by default that of the working tree.
   */
  constructor(environment: NodeJS.ProcessEnv = process.env, program: string = ownProgram) {
    this.#environment = environment;
    this.#program = program;
  }

  build(): Promise<void> {
    return this.#mustSucceed(['tools/build/build.ts'], 'The build failed.');
  }

  /** Runs a command with its output on the screen. */
  run(args: readonly string[]): Promise<void> {
    return this.#mustSucceed([this.#program, ...args], `'provisioning ${args.join(' ')}' failed.`);
  }

  /** The JSON a command answers; `undefined` when it fails. */
  async json<T>(args: readonly string[]): Promise<T | undefined> {
    const { code, stdout } = await this.#spawn([this.#program, ...args, '--out', 'json'], 'pipe');
    return code === 0 ? (JSON.parse(stdout) as T) : undefined;
  }

  /** What a command prints. */
  async text(args: readonly string[]): Promise<string> {
    const { code, stdout } = await this.#spawn([this.#program, ...args], 'pipe');
    if (code !== 0) throw new Error(`'provisioning ${args.join(' ')}' failed with exit code ${code}.`);
    return stdout;
  }

  async workspacePath(name: string): Promise<string | undefined> {
    const workspaces = await this.json<{ name: string; path: string }[]>(['workspace', 'list']);
    return workspaces?.find((workspace) => workspace.name === name)?.path;
  }

  /** The demo workspace, made on the first run. */
  async ensureWorkspace(name: string): Promise<void> {
    const path = await this.workspacePath(name);
    if (path === undefined)
      await this.run([
        'workspace',
        'init',
        name,
        '--template',
        'demo',
        '--infra-name',
        'demo',
        '--activate',
        '--yes',
      ]);
    else {
      process.stdout.write(`Workspace ${name} is there already: ${path}\n`);
      await this.run(['workspace', 'activate', name, '--quiet']);
    }
  }

  async #mustSucceed(args: readonly string[], message: string): Promise<void> {
    const { code } = await this.#spawn(args, 'inherit');
    if (code !== 0) throw new Error(message);
  }

  #spawn(args: readonly string[], output: 'inherit' | 'pipe'): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, {
        cwd: root,
        env: this.#environment,
        stdio: ['inherit', output, 'inherit'],
      });
      let stdout = '';
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, stdout }));
    });
  }
}
