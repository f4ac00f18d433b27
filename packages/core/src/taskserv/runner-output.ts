import type { Progress } from '@provisioning/extensions-sdk';

/** Lines of the called programs that are kept for an error. */
const keptLines = 60;

/** Reads the runner's lines (see `runner.ts`) and reports progress. */
export class RunnerOutput {
  readonly before = new Set<string>();
  readonly after = new Set<string>();
  readonly changed: string[] = [];
  readonly warnings: string[] = [];
  /** Answers of mode `health`. */
  readonly told: { readonly about: string; readonly text: string }[] = [];
  /** Last lines that were not the runner's own. */
  readonly output: string[] = [];
  result: string | undefined;
  error: { readonly code: string; readonly text: string } | undefined;
  readonly #report: (progress: Progress) => void;

  constructor(report: (progress: Progress) => void) {
    this.#report = report;
  }

  line(line: string): void {
    if (!line.startsWith('::')) return this.#said(line);
    const [word = '', ...rest] = line.slice(2).split(' ');
    const text = rest.join(' ');
    switch (word) {
      case 'step':
        return this.#step(text);
      case 'before':
        this.before.add(text);
        return;
      case 'after':
        this.after.add(text);
        return;
      case 'changed':
        this.changed.push(text);
        return;
      case 'warn':
        this.warnings.push(text);
        return this.#report({ type: 'log', level: 'warn', message: text });
      case 'check':
      case 'unit':
      case 'uptime':
      case 'record':
        this.told.push({ about: word, text });
        return;
      case 'error':
        this.error = { code: rest[0] ?? 'FAILED', text: rest.slice(1).join(' ') };
        return;
      case 'result':
        this.result = text;
        return;
      default:
        return this.#said(line);
    }
  }

  #step(text: string): void {
    const cut = text.lastIndexOf(' ');
    const state = text.slice(cut + 1);
    if (state !== 'started' && state !== 'done' && state !== 'skipped' && state !== 'failed') return;
    this.#report({ type: 'step', step: text.slice(0, cut), state });
  }

  #said(line: string): void {
    if (line.trim() === '') return;
    this.output.push(line);
    if (this.output.length > keptLines) this.output.shift();
    this.#report({ type: 'log', level: 'debug', message: line });
  }
}
