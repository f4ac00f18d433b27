import { randomBytes } from 'node:crypto';

/** One word for a POSIX shell, whatever it contains. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_/:=.,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as it is sent to a host, and how to read what comes back. */
export interface PreparedCommand {
  readonly command: string;
  /** Bytes that go to standard input before the caller's own. */
  readonly preamble: string;
  /** First line of standard error, followed by the process group: `<announcement> 4711`. */
  readonly announcement: string;
}

/**
 * Wraps a command line so that its process group can be stopped and its environment does not show in the process list:
 * the shell names its process id on standard error (a session leader's id is its group's id) and reads the environment
 * from standard input, byte by byte, so that the rest is left to the command.
 */
export function prepareCommand(
  command: string,
  environment: Readonly<Record<string, string>> = {},
): PreparedCommand {
  const mark = `provisioning-${randomBytes(8).toString('hex')}`;
  const script = [`echo "${mark} $$" >&2`];
  let preamble = '';
  const names = Object.keys(environment);
  if (names.length > 0) {
    script.push(
      `e=; while IFS= read -r l && [ "$l" != ${mark} ]; do e="$e$l`,
      '"; done; eval "$e"; unset e l',
    );
    preamble = `${names.map((name) => exported(name, environment[name]!)).join('\n')}\n${mark}\n`;
  }
  script.push(command);
  return { command: `exec /bin/sh -c ${shellQuote(script.join('\n'))}`, preamble, announcement: mark };
}

/** Stops a process group: politely, then for good. The shell's own `kill` is used; minimal systems have no other. */
export function killGroupCommand(group: number): string {
  return `kill -TERM -${group} 2>/dev/null && { sleep 2; kill -KILL -${group} 2>/dev/null; }; :`;
}

/** `export NAME='value'`. @throws TypeError for a name no shell accepts. */
export function exported(name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new TypeError(`'${name}' is no name of a variable`);
  return `export ${name}='${value.replaceAll("'", `'\\''`)}'`;
}

/** Takes the announcement out of standard error and passes everything else on. */
export class AnnouncementFilter {
  readonly #announcement: string;
  readonly #pass: (chunk: Buffer) => void;
  #held: Buffer | undefined = Buffer.alloc(0);
  /** Known once the command has started. */
  group: number | undefined;

  constructor(announcement: string, pass: (chunk: Buffer) => void) {
    this.#announcement = announcement;
    this.#pass = pass;
  }

  push(chunk: Buffer): void {
    if (this.#held === undefined) return this.#pass(chunk);
    this.#held = Buffer.concat([this.#held, chunk]);
    // A login shell may print before it starts the command; the announcement is looked for on any of the first lines.
    const text = this.#held.toString('latin1');
    const found = new RegExp(`${this.#announcement} (\\d+)\\n`).exec(text);
    if (found === null) {
      if (this.#held.length > 64 * 1024) this.finish();
      return;
    }
    this.group = Number(found[1]);
    const rest = Buffer.concat([
      this.#held.subarray(0, found.index),
      this.#held.subarray(found.index + found[0].length),
    ]);
    this.#held = undefined;
    if (rest.length > 0) this.#pass(rest);
  }

  /** The stream ended; what was held back is handed on. */
  finish(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && held.length > 0) this.#pass(held);
  }
}
