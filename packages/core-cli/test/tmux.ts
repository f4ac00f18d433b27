import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { program, type Sandbox } from './sandbox.ts';

/** A real terminal: one tmux server of its own with one window. */
export class Terminal {
  readonly #socket = `provisioning-test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;

  constructor(
    sandbox: Sandbox,
    size: { readonly columns: number; readonly rows: number },
    environment: Record<string, string> = {},
  ) {
    const variables = Object.entries({ ...sandbox.environment, ...environment }).map(
      ([name, value]) => `${name}=${value}`,
    );
    this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(size.columns),
      '-y',
      String(size.rows),
      'env',
      '-i',
      `TERM=screen-256color`,
      ...variables,
      'bash',
      '--norc',
      '--noprofile',
    );
    this.type(`PS1='> '; provisioning() { '${process.execPath}' '${program}' "$@"; }; cd; clear`);
  }

  /** Types letters, without Enter. */
  write(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Types a line and Enter. */
  type(line: string): void {
    this.write(line);
    this.#tmux('send-keys', 'Enter');
  }

  /** Presses a key by its tmux name: `C-c`, `C-z`. */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** What the window shows; with `styled` including colour sequences. */
  screen(styled = false): string {
    return this.#tmux('capture-pane', '-p', ...(styled ? ['-e'] : [])).trimEnd();
  }

  cursorVisible(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
  }

  /** Waits until the screen matches. @throws Error with the screen. */
  async until(pattern: RegExp, seconds = 240): Promise<string> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const text = this.screen();
      if (pattern.test(text)) return text;
      if (Date.now() > end) throw new Error(`${String(pattern)} did not appear:\n${text}`);
      await sleep(100);
    }
  }

  close(): void {
    try {
      this.#tmux('kill-server');
    } catch {
      // already gone
    }
  }

  #tmux(...words: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
