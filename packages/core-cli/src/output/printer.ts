import { resolve } from 'node:path';
import type { OutputFormat } from '../argv/global-options.ts';
import type { Runtime } from '../runtime.ts';
import { encode, isMachineFormat } from './formats.ts';
import { firstSteps } from './first-steps.ts';
import { createStyle, type MarkKind, type Style } from './style.ts';
import { type Column, renderTable } from './table.ts';
import { describeTerminal, type Terminal } from './terminal.ts';
import { wrapText } from './wrap.ts';

export interface PrinterOptions {
  readonly format: OutputFormat;
  readonly pretty: boolean;
  readonly quiet: boolean;
  /** False where only warnings and errors are wanted (`PROVISIONING_LOG_LEVEL`). */
  readonly infos: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly hints: boolean;
  /** Results go into this file instead of standard output. */
  readonly outfile?: string;
}

/**
 * Where everything a command says goes (01 §5): results and `✓` lines on standard output, the rest on standard error; in
 * a machine format one document alone on standard output.
 */
export class Printer {
  readonly format: OutputFormat;
  readonly style: Style;
  readonly errorStyle: Style;
  readonly terminal: Terminal;
  readonly errorTerminal: Terminal;
  readonly options: PrinterOptions;
  readonly #runtime: Runtime;

  constructor(runtime: Runtime, options: PrinterOptions) {
    this.#runtime = runtime;
    this.options = options;
    this.format = options.format;
    this.terminal = describeTerminal(runtime.stdout, runtime.environment);
    this.errorTerminal = describeTerminal(runtime.stderr, runtime.environment);
    this.style = createStyle(this.terminal.colour && options.outfile === undefined);
    this.errorStyle = createStyle(this.errorTerminal.colour);
  }

  /** True when standard output carries one document for a program. */
  get machine(): boolean {
    return isMachineFormat(this.format);
  }

  /** A list: rows of a table for people, the bare array for programs, through `document` where it has other keys. */
  async list<Row>(
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    things: string,
    document: (rows: readonly Row[]) => unknown = (same) => same,
  ): Promise<void> {
    const view = () => (rows.length === 0 ? this.nothing(things) : this.table(rows, columns));
    await this.result(document(rows), view);
  }

  /** Lines of a table inside a larger view. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
    const header = this.format !== 'text';
    const fit = this.terminal.interactive && this.options.outfile === undefined;
    return renderTable(rows, columns, { columns: this.terminal.columns, style: this.style, header, fit });
  }

  /** One result: `view` gives the lines people read, `value` is what programs get. */
  async result(value: unknown, view: () => readonly string[]): Promise<void> {
    if (isMachineFormat(this.format))
      await this.#write(await encode(value, this.format, this.options.pretty));
    else
      await this.#write(
        view()
          .map((line) => this.#folded(`${line}\n`, this.terminal))
          .join(''),
      );
  }

  /** A text as it is, in every format (`completion`, `help`). */
  async raw(text: string): Promise<void> {
    await this.#write(text);
  }

  /** A line of the result; silent in a machine format. */
  line(text = ''): void {
    if (!this.machine) this.#runtime.stdout.write(this.#folded(`${text}\n`, this.terminal));
  }

  /** `✓ …` on standard output; silent in a machine format. */
  success(text: string): void {
    if (!this.machine) this.line(`${this.style.mark('ok')} ${text}`);
  }

  warn(text: string): void {
    this.#message('warning', text);
  }

  info(text: string): void {
    if (!this.options.quiet && this.options.infos) this.#message('info', text);
  }

  /** A progress line on standard error; in a machine format only with `--verbose`. */
  progress(text: string): void {
    if (this.options.quiet || (this.machine && !this.options.verbose)) return;
    this.#runtime.stderr.write(this.#folded(`${text}\n`, this.errorTerminal));
  }

  debug(text: string): void {
    if (this.options.debug) this.#runtime.stderr.write(`${this.errorStyle.dim(text)}\n`);
  }

  /** Whether hints may be shown: only to people, never into a pipe (24 §3). */
  get hinting(): boolean {
    const people = this.terminal.interactive && this.errorTerminal.interactive;
    return this.options.hints && people && !this.machine && !this.options.quiet;
  }

  /** Up to three `Next:` lines on standard error; `ProvisioningCommand.next` asks the user's preference first. */
  next(lines: readonly string[]): void {
    for (const line of lines.slice(0, 3))
      this.#runtime.stderr.write(`${this.errorStyle.dim(`Next: ${line}`)}\n`);
  }

  #message(kind: MarkKind, text: string): void {
    const line = `${this.errorStyle.mark(kind)} ${text}\n`;
    this.#runtime.stderr.write(this.#folded(line, this.errorTerminal));
  }

  /** Lines that a person reads are broken between words; a file gets them as they are. */
  #folded(text: string, terminal: Terminal): string {
    return this.options.outfile === undefined ? wrapText(text, terminal) : text;
  }

  /** What stands for an empty list: that there is nothing, and for people what comes first. */
  nothing(things: string): string[] {
    const first = this.terminal.interactive ? firstSteps[things] : undefined;
    return [`No ${things} found`, ...(first === undefined ? [] : [this.style.dim(`  → ${first}`)])];
  }

  async #write(text: string): Promise<void> {
    if (this.options.outfile === undefined) {
      this.#runtime.stdout.write(text);
      return;
    }
    const { writeResult } = await import('./outfile.ts');
    await writeResult(resolve(this.#runtime.cwd, this.options.outfile), text);
  }
}
