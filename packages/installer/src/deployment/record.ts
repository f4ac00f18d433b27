import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type StepStatus = 'started' | 'done' | 'failed' | 'undone' | 'note';

/** Where what happened is kept: one JSON object a line, as it happens (04 §7.6). */
export class Record {
  readonly file: string;
  readonly #now: () => Date;

  constructor(folder: string, now: () => Date) {
    const stamp = now().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
    this.file = join(folder, `installer-${stamp}.jsonl`);
    this.#now = now;
    mkdirSync(dirname(this.file), { recursive: true });
  }

  write(step: string, status: StepStatus, detail = ''): void {
    const line = JSON.stringify({ time: this.#now().toISOString(), step, status, detail });
    appendFileSync(this.file, `${line}\n`, { mode: 0o600 });
  }
}
