import { stripVTControlCharacters } from 'node:util';
import { Command } from '@oclif/core/command';
import { parse } from '@oclif/core/parser';
import type { Interfaces } from '@oclif/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { OutputFormat } from '../argv/global-options.ts';
import { type FlagShapes, normaliseOptions } from '../argv/options.ts';
import type { Catalogue } from '../command-catalogue.ts';
import type { Interruption } from '../interruption.ts';
import { Printer } from '../output/printer.ts';
import { isOn } from '../output/terminal.ts';
import type { Runtime } from '../runtime.ts';
import type { ConfirmOptions } from '../prompt/confirm.ts';
import { globalFlags, globalShapes } from './global-flags.ts';
import { type CommandSpec, changesSomething, confirms } from './metadata.ts';
import { usageOf } from './usage.ts';

/** What the dispatcher hands to a command. */
export interface Host {
  readonly bin: 'provisioning';
  readonly catalogue: Catalogue;
  readonly runtime: Runtime;
  readonly interruption: Interruption;
  /** Canonical words of the command. */
  readonly id: string;
  /** Everything after `--`. */
  readonly passthrough: readonly string[];
  /** Whether the user's preference `hints` is on. */
  readonly wantsHints: () => Promise<boolean>;
  /** Called when the options of a command leave something to the configuration. */
  readonly configure: (command: ProvisioningCommand) => Promise<void>;
}

/** What a command line leaves to the configuration. */
export interface Undecided {
  /** It changes something and says neither `--check` nor `--no-check`. */
  readonly check: boolean;
  /** It says nothing of its format, nor does the environment. */
  readonly format: boolean;
  /** A terminal can show colours or redraw, which `debug.no_terminal` would take away. */
  readonly features: boolean;
  /** It needs no workspace, and changes nothing. */
  readonly light: boolean;
}

/** Values of the global options (01 §1). */
export interface GlobalValues {
  readonly infra?: string;
  readonly workspace?: string;
  readonly environment?: string;
  readonly check: boolean;
  readonly debug: boolean;
  readonly yes: boolean;
  readonly wait?: boolean;
  readonly out: OutputFormat;
  readonly outfile?: string;
  readonly timeout?: number;
  readonly verbose: boolean;
  readonly quiet: boolean;
  readonly settings?: string;
  readonly template?: string;
  readonly select: boolean;
  readonly new?: string;
  readonly orchestrated: boolean;
  readonly direct: boolean;
  readonly token?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly config?: string;
  readonly offline: boolean;
}

export interface CommandClass {
  new (argv: string[], config: never): ProvisioningCommand;
  readonly spec: CommandSpec;
  readonly summary: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly flags: Record<string, Interfaces.Flag<unknown>>;
  readonly args: Record<string, Interfaces.Arg<unknown>>;
}

/**
 * Base of every command. A command file declares words (its path), flags, help and `spec`, reads its input with
 * `this.parse`, hands over to a function of `core` and prints what comes back.
 */
export abstract class ProvisioningCommand extends Command {
  /** What the command may do and what it needs; a build without it fails. */
  declare static spec: CommandSpec;
  /** Set for commands that take everything behind their arguments as it is (`server ssh`). */
  static override strict = true;

  readonly host: Host;
  globals!: GlobalValues;
  out!: Printer;
  /** Exit code of a command that ends without an error: 2 of `--detailed-exitcode`, 130 of a detached view. */
  exitCode = 0;
  /** Values of options that are the highest layer of the configuration (02 §3), by dotted key. */
  configurationFlags: Readonly<Record<string, unknown>> = {};
  /** What the command line leaves to the configuration; set by `parse`. */
  undecided: Undecided = { check: false, format: false, features: false, light: false };
  #confirmed = false;

  constructor(argv: string[], host: Host) {
    super(argv, host as never);
    this.host = host;
  }

  abstract override run(): Promise<void>;

  get runtime(): Runtime {
    return this.host.runtime;
  }

  /** Ends when the person interrupts the command. */
  get signal(): AbortSignal {
    return this.host.interruption.signal;
  }

  /* eslint-disable @typescript-eslint/no-explicit-any -- the signature is oclif's */
  protected override async parse<
    F extends Interfaces.OutputFlags<any>,
    B extends Interfaces.OutputFlags<any>,
    A extends Interfaces.OutputArgs<any>,
  >(options?: Interfaces.Input<F, B, A>): Promise<Interfaces.ParserOutput<F, B, A>> {
    const type = this.constructor as unknown as CommandClass;
    const usage = usageOf(this.host.id, type.args);
    const shapes = { ...globalShapes, ...(type.flags as unknown as FlagShapes) };
    const argv = normaliseOptions(this.argv, shapes, usage);
    for (const argument of Object.values(type.args ?? {})) argument.ignoreStdin = true;
    const input = {
      ...options,
      args: type.args,
      flags: { ...globalFlags(), ...type.flags },
      strict: this.ctor.strict,
    };
    try {
      const output = await parse(argv, input as never);
      const values = output.flags as Record<string, unknown>;
      this.#setGlobals(values, Object.keys(type.flags ?? {}));
      const changes = changesSomething(type.spec);
      this.undecided = {
        check: changes && values['check'] === undefined,
        format: values['out'] === undefined && !this.runtime.environment['PROVISIONING_OUTPUT_FORMAT'],
        features: [this.out.terminal, this.out.errorTerminal].some((one) => one.colour || one.redraw),
        light: !changes && type.spec.workspace === false,
      };
      const { check, format, features } = this.undecided;
      if (check || format || features) await this.host.configure(this);
      return output as Interfaces.ParserOutput<F, B, A>;
    } catch (cause) {
      throw asUsageError(cause, usage);
    }
  }

  /* eslint-enable @typescript-eslint/no-explicit-any */

  /** A missing argument that the command itself noticed says the usage, as one that the parser noticed (01 §7). */
  withUsage(cause: unknown): unknown {
    if (!(cause instanceof ProvisioningError) || cause.code !== 'MISSING_ARGUMENT') return cause;
    const { message, hint } = cause;
    if (hint !== undefined || message.includes('\n')) return cause;
    const usage = usageOf(this.host.id, (this.constructor as unknown as CommandClass).args);
    return new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: `${message}\nUsage: ${usage}`,
      cause,
    });
  }

  #setGlobals(flags: Record<string, unknown>, own: readonly string[]): void {
    const { environment: env } = this.runtime;
    const level = env['PROVISIONING_LOG_LEVEL'] ?? '';
    const timeout = flags['timeout'] ?? env['PROVISIONING_TIMEOUT'];
    // An option of the command that is called like a global one has the command's meaning only (01 §1).
    const shared = Object.fromEntries(
      Object.entries(flags).filter(([name]) => !selecting.has(name) || !own.includes(name)),
    );
    if (flags['debug'] === true) this.configurationFlags = { 'debug.enabled': true };
    this.globals = {
      ...(shared as unknown as GlobalValues),
      out: resolveFormat(flags['out'] as OutputFormat | undefined, this.runtime),
      timeout:
        timeout === undefined ? undefined : readSeconds(String(timeout), flags['timeout'] !== undefined),
      check: flags['check'] === true,
      debug: flags['debug'] === true || isOn(env['PROVISIONING_DEBUG']) || /^(trace|debug)$/.test(level),
      yes: flags['yes'] === true,
      verbose: flags['verbose'] === true,
      quiet: flags['quiet'] === true,
      select: flags['select'] === true,
      orchestrated: flags['orchestrated'] === true,
      direct: flags['direct'] === true,
      offline: flags['offline'] === true,
    };
    this.out = new Printer(this.runtime, {
      format: this.globals.out,
      pretty: (flags['pretty'] as boolean | undefined) ?? this.runtime.stdout.isTTY === true,
      quiet: this.globals.quiet,
      infos: !/^(warn|error)$/.test(level),
      verbose: this.globals.verbose,
      debug: this.globals.debug,
      hints: flags['no-hints'] !== true && env['PROVISIONING_HINTS'] !== '0',
      outfile: this.globals.outfile,
    });
  }

  /** Output from here on, in place of what the command line alone says; `plain`: as in a terminal without features. */
  show({
    format = this.out.format,
    plain,
  }: {
    readonly format?: OutputFormat;
    readonly plain: boolean;
  }): void {
    if (format === this.out.format && !plain) return;
    this.globals = { ...this.globals, out: format };
    const { environment } = this.runtime;
    const runtime = plain ? { ...this.runtime, environment: { ...environment, TERM: 'dumb' } } : this.runtime;
    this.out = new Printer(runtime, { ...this.out.options, format });
  }

  /** Tells what usually follows a change, unless the user's preference `hints` is off (24 §3). */
  async next(...lines: readonly string[]): Promise<void> {
    if (this.out.hinting && (await this.host.wantsHints())) this.out.next(lines);
  }

  /**
   * Asks before an action (01 §8). Passes with `--yes` and in check mode; without a terminal it refuses with exit 2.
   * @throws ProvisioningError `CANCELLED`, `CONFIRMATION_REQUIRED`.
   */
  async confirm(question: string, options: ConfirmOptions = {}): Promise<void> {
    const { confirm } = await import('../prompt/confirm.ts');
    await confirm(this.runtime, this.globals, this.out, question, options);
    this.#confirmed = true;
  }

  /** True once `confirm` has passed; the dispatcher's tests use it to show that destructive commands ask. */
  get confirmed(): boolean {
    return this.#confirmed || !confirms((this.constructor as unknown as CommandClass).spec);
  }
}

/** Global options that choose what configuration is loaded. */
const selecting: ReadonlySet<string> = new Set(['config', 'profile', 'region']);

/** `--out` > `PROVISIONING_OUTPUT_FORMAT` > table on a terminal, else text (01 §5.1). */
function resolveFormat(given: OutputFormat | undefined, runtime: Runtime): OutputFormat {
  if (given !== undefined) return given;
  const fromEnvironment = runtime.environment['PROVISIONING_OUTPUT_FORMAT'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    if (['table', 'text', 'json', 'yaml', 'toml'].includes(fromEnvironment))
      return fromEnvironment as OutputFormat;
    throw new ProvisioningError({
      code: 'INVALID_ENVIRONMENT_VALUE',
      kind: 'configuration',
      message: `Invalid value for PROVISIONING_OUTPUT_FORMAT: ${fromEnvironment}. Valid: table, text, json, yaml, toml`,
    });
  }
  return runtime.stdout.isTTY === true ? 'table' : 'text';
}

function readSeconds(text: string, option: boolean): number {
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new ProvisioningError({
    code: option ? 'INVALID_OPTION_VALUE' : 'INVALID_ENVIRONMENT_VALUE',
    kind: option ? 'usage' : 'configuration',
    message: option
      ? `Invalid value for --timeout: ${text}. Expected seconds, more than 0`
      : `Invalid value for PROVISIONING_TIMEOUT: ${text}`,
  });
}

/** Errors of the parser as ours (01 §7). */
function asUsageError(cause: unknown, usage: string): unknown {
  if (cause instanceof ProvisioningError || !(cause instanceof Error)) return cause;
  const name = cause.constructor.name;
  if (name === 'RequiredArgsError') {
    const missing = (cause as unknown as { args: { name: string }[] }).args.map((argument) => argument.name);
    return new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: `Missing required argument: ${missing.join(', ')}\nUsage: ${usage}`,
    });
  }
  if (name === 'UnexpectedArgsError') {
    const extra = (cause as unknown as { args: string[] }).args;
    return new ProvisioningError({
      code: 'UNEXPECTED_ARGUMENT',
      kind: 'usage',
      message: `Unexpected argument: ${extra.join(' ')}\nUsage: ${usage}`,
    });
  }
  if (name === 'FailedFlagValidationError') {
    const [, ...reasons] = stripVTControlCharacters(cause.message)
      .replace(/\nSee more help with --help$/, '')
      .split('\n')
      .map((line) => line.trim().replace(/^Missing required flag (\S+)$/, 'Missing required option: --$1'));
    return new ProvisioningError({
      code: 'INVALID_OPTIONS',
      kind: 'usage',
      message: `${reasons.join('\n')}\nUsage: ${usage}`,
    });
  }
  if (!('oclif' in cause)) return cause;
  const [line = ''] = cause.message
    .replace(/\nSee more help with --help$/, '')
    .split('\n\t')
    .slice(-1);
  return new ProvisioningError({
    code: 'INVALID_INPUT',
    kind: 'usage',
    message: line,
    hint: `Usage: ${usage}`,
    cause,
  });
}
