import type { Runtime } from '../runtime.ts';
import { width } from '../output/width.ts';

/**
 * A block of lines at the end of the terminal that is drawn over and over. Only lines that changed are written again.
 * The cursor is hidden meanwhile and comes back whatever happens.
 */
export class Screen {
  readonly #stream: Runtime['stderr'];
  #drawn: string[] = [];
  #columns = 0;
  #hidden = false;

  constructor(stream: Runtime['stderr']) {
    this.#stream = stream;
  }

  /** Replaces the block. A changed width clears first: old lines may have been wrapped by the terminal. */
  draw(lines: readonly string[]): void {
    const columns = this.#stream.columns ?? 80;
    let text = this.#hidden ? '' : '\u001b[?25l';
    this.#hidden = true;
    if (this.#columns !== 0 && columns !== this.#columns) text += this.#clearing(columns);
    this.#columns = columns;
    if (this.#drawn.length > 0) text += `\u001b[${this.#drawn.length}A`;
    for (const [index, line] of lines.entries())
      text += line === this.#drawn[index] ? '\n' : `\u001b[2K${line}\n`;
    const extra = this.#drawn.length - lines.length;
    if (extra > 0) text += `${'\u001b[2K\n'.repeat(extra)}\u001b[${extra}A`;
    this.#drawn = [...lines];
    this.#stream.write(text);
  }

  /** Leaves what is drawn on the screen and gives the cursor back. */
  release(): void {
    if (this.#hidden) this.#stream.write('\u001b[?25h');
    this.#hidden = false;
    this.#drawn = [];
    this.#columns = 0;
  }

  /** Forgets what was drawn, after something else has written to the terminal (Ctrl-Z). */
  forget(): void {
    this.#drawn = [];
    this.#hidden = false;
  }

  #clearing(columns: number): string {
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
    this.#drawn = [];
    return rows === 0 ? '' : `\u001b[${rows}A\u001b[J`;
  }
}
