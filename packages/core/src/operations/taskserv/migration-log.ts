import { join } from 'node:path';
import type { Context, Progress } from '@provisioning/extensions-sdk';
import type { Static } from 'typebox';
import { writeFileAtomic } from '../../files/atomic.ts';
import { infraPath } from '../../state/paths.ts';
import type { TaskservUpdateInput } from './input.ts';

/** `data/migrations/<taskserv>-<time>.log` (07 §6.4): every step of a migration and what was said in it. */
export class MigrationLog {
  /** The caller's context; what is reported through it is written down, too. */
  readonly context: Context;
  readonly #lines: string[] = [];
  readonly #file: string;

  constructor(context: Context, { taskserv, server, from }: Static<typeof TaskservUpdateInput>) {
    const at = new Date(context.now()).toISOString().replace(/[-:]/g, '').slice(0, 15);
    this.#file = join(infraPath(context), 'data', 'migrations', `${taskserv.name}-${at}.log`);
    this.context = {
      ...context,
      report: (progress) => {
        this.#note(progress);
        context.report(progress);
      },
    };
    this.#say(`${taskserv.name} ${from} -> ${taskserv.version ?? '?'} on ${server.hostname}`);
  }

  async write(end: string): Promise<void> {
    this.#say(end);
    await writeFileAtomic(this.#file, `${this.#lines.join('\n')}\n`);
  }

  #note(progress: Progress): void {
    if (progress.type === 'log') this.#say(progress.message);
    else if (progress.type === 'step') this.#say(`${progress.step}: ${progress.state}`);
  }

  #say(text: string): void {
    this.#lines.push(`${new Date(this.context.now()).toISOString()} ${text}`);
  }
}
