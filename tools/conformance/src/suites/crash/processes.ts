import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const sources = join(import.meta.dirname, '../../../../../packages/orchestrator/src');

/** A process of a run, with what it has printed so far. */
export class Process {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  output = '';

  /** @param options `clock`: signals make its clock jump */
  constructor(
    fixture: string,
    args: readonly string[],
    { clock = false }: { readonly clock?: boolean } = {},
  ) {
    const preload = clock ? ['--import', join(sources, 'testing/clock.preload.ts')] : [];
    this.#child = spawn(process.execPath, ['--no-warnings', ...preload, join(sources, fixture), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.#exited = new Promise((resolve) => this.#child.on('exit', () => resolve()));
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until the word was printed. @returns false when the process ended or the time is over before */
  async says(word: string, limit: number): Promise<boolean> {
    const until = Date.now() + limit;
    while (!this.output.includes(word) && !this.ended && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return this.output.includes(word);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    if (!this.ended) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  exited(): Promise<void> {
    return this.#exited;
  }
}
