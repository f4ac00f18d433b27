import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Execution, Executor } from '../execution/executor.ts';

/**
 * An executor whose effects are lines of a file outside the orchestrator, one for each idempotency key: what a provider
 * with client tokens does. `file.create` looks its key up before it appends; `file.count` appends in any case, so that
 * the number of attempts shows.
 */
export class FileProvider implements Executor {
  readonly #file: string;
  readonly #pace: number;
  readonly #prefixes: readonly string[];

  /**
   * @param pace milliseconds that an effect takes; an operation may say another one, as `pace` of its input
   * @param prefixes of the types it runs
   */
  constructor(file: string, pace = 2, prefixes: readonly string[] = ['file.']) {
    this.#file = file;
    this.#pace = pace;
    this.#prefixes = prefixes;
  }

  supports(type: string): boolean {
    return this.#prefixes.some((prefix) => type.startsWith(prefix));
  }

  canUndo(type: string): boolean {
    return this.supports(type) && type.endsWith('.create');
  }

  validate(): readonly string[] {
    return [];
  }

  async plan({ operation }: Execution) {
    return [{ action: 'create' as const, kind: 'server' as const, name: operation.id }];
  }

  async run(execution: Execution): Promise<unknown> {
    const { idempotencyKey, operation } = execution;
    const { pace = this.#pace } = (operation.input ?? {}) as { pace?: number };
    const made = await execution.step('create', async () => {
      await sleep(pace);
      if (!effects(this.#file).includes(`create ${idempotencyKey}`)) this.#append(`create ${idempotencyKey}`);
      await sleep(pace);
      return { id: idempotencyKey };
    });
    await execution.step('configure', async () => this.#append(`configure ${idempotencyKey}`));
    return made;
  }

  async undo({ idempotencyKey }: Execution): Promise<void> {
    await sleep(this.#pace);
    this.#append(`delete ${idempotencyKey}`);
  }

  #append(line: string): void {
    appendFileSync(this.#file, `${line}\n`);
  }
}

/** All effects so far, in order. */
export function effects(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
