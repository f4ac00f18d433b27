import { appendFile, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogSink } from '../runtime/progress.ts';

/** From the least to the most. */
export const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** One line of a workflow's log. */
export interface LogLine {
  readonly workflow: string;
  readonly at: number;
  readonly level: string;
  readonly operation: string;
  readonly message: string;
}

/** Which lines of a log are wanted. */
export interface LogSelection {
  /** From the end. */
  readonly tail?: number;
  /** The lowest. */
  readonly level?: string;
  readonly operation?: string;
}

/** Milliseconds between two looks at a log that is followed. */
const followInterval = 200;
/** Newest lines of all workflows kept in memory, for readers who ask for the latest. */
const recentLines = 1000;

/**
 * The logs of workflows: one text file each, `<time> <level> <operation> <message>`. Lines are collected for a moment
 * and appended in order; a workflow that says nothing has no file.
 */
export class TaskLogs implements LogSink {
  readonly #folder: string;
  readonly #lines = new Map<string, string[]>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failed = false;
  #recent: LogLine[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(workflow: string, line: { at: number; level: string; operation: string; message: string }): void {
    this.#recent.push({ workflow, ...line });
    if (this.#recent.length > 2 * recentLines) this.#recent = this.#recent.slice(-recentLines);
    const text = line.message.replaceAll('\n', '\n  ');
    const lines = this.#lines.get(workflow) ?? [];
    lines.push(`${new Date(line.at).toISOString()} ${line.level.padEnd(5)} ${line.operation} ${text}\n`);
    this.#lines.set(workflow, lines);
    this.#timer ??= setTimeout(() => this.#flush(), 50);
  }

  close(): void {
    this.#flush();
  }

  /** Resolves when every line so far is in its file. */
  async settled(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  /** The newest lines of all workflows, oldest first. */
  recent(): readonly LogLine[] {
    return this.#recent.slice(-recentLines);
  }

  /** The newest lines of one workflow, oldest first. */
  async lines(workflow: string, tail: number): Promise<LogLine[]> {
    const text = await this.read(workflow, { tail });
    return text
      .trimEnd()
      .split(/\n(?! {2})/)
      .flatMap((line) => {
        const [, at, level, operation, message] = /^(\S+) (\S+) +(\S+) (.*)$/s.exec(line) ?? [];
        if (at === undefined) return [];
        const whole = message!.replaceAll('\n  ', '\n');
        return [{ workflow, at: Date.parse(at), level: level!, operation: operation!, message: whole }];
      });
  }

  /** The last `tail` lines at or above `level`, of one operation when asked for. */
  async read(workflow: string, options: LogSelection = {}): Promise<string> {
    await this.settled();
    return chosen((await readFrom(this.#path(workflow))).text, options);
  }

  /**
   * What {@link read} gives, then every further piece as it is written.
   * @param hasEnded asked before each look: nothing more will be written
   */
  async *follow(
    workflow: string,
    options: LogSelection,
    hasEnded: () => Promise<boolean>,
  ): AsyncGenerator<string> {
    let at: number | undefined;
    for (;;) {
      const last = await hasEnded();
      await this.settled();
      const { text, end } = await readFrom(this.#path(workflow), at);
      const piece = chosen(text, at === undefined ? options : { ...options, tail: undefined });
      at = end;
      if (piece !== '') yield piece;
      if (last) return;
      await new Promise((resolve) => setTimeout(resolve, followInterval));
    }
  }

  /** Deletes the logs of workflows. */
  async remove(workflows: readonly string[]): Promise<void> {
    await this.settled();
    await Promise.all(workflows.map((workflow) => rm(this.#path(workflow), { force: true })));
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.size === 0) return;
    const batch = [...this.#lines];
    this.#lines.clear();
    this.#writing = this.#writing.then(async () => {
      for (const [workflow, lines] of batch) await this.#append(workflow, lines.join(''));
    });
  }

  /** A log that cannot be written (disk full) must not stop the work; the lines are lost. */
  async #append(workflow: string, text: string): Promise<void> {
    try {
      if (!this.#failed) await appendFile(this.#path(workflow), text, { mode: 0o600 });
      else throw new Error('retry');
    } catch {
      try {
        await mkdir(this.#folder, { recursive: true, mode: 0o700 });
        await appendFile(this.#path(workflow), text, { mode: 0o600 });
        this.#failed = false;
      } catch {
        this.#failed = true;
      }
    }
  }

  #path(workflow: string): string {
    return join(this.#folder, `${workflow}.log`);
  }
}

/** At most the last MiB of a log is shown at once. */
const shown = 1024 * 1024;

function chosen(text: string, options: LogSelection): string {
  const least = logLevels.indexOf((options.level ?? 'DEBUG').toUpperCase());
  const lines = text.split(/\n(?! {2})/).filter((line) => {
    const [, level, , operation] = /^\S+ (\S+)( +)(\S+)/.exec(line) ?? [];
    if (level === undefined || logLevels.indexOf(level) < least) return false;
    return options.operation === undefined || operation === options.operation;
  });
  const wanted = lines.slice(-(options.tail ?? lines.length)).map((line) => line.trimEnd());
  return wanted.length === 0 ? '' : `${wanted.join('\n')}\n`;
}

/** The text behind `from`, and where it ends. */
async function readFrom(path: string, from = 0): Promise<{ readonly text: string; readonly end: number }> {
  let file;
  try {
    file = await open(path, 'r');
  } catch {
    return { text: '', end: from };
  }
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - shown);
    if (size <= start) return { text: '', end: size };
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const text = buffer.toString('utf8', 0, bytesRead);
    // What does not begin where a line begins begins with the next one.
    const whole = start === from ? text : text.slice(text.indexOf('\n') + 1);
    return { text: whole, end: start + bytesRead };
  } finally {
    await file.close();
  }
}
