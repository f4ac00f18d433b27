import { ProvisioningError } from '@provisioning/extensions-sdk';
import { suggest } from '../suggest.ts';
import { joinBrackets, splitList } from './lists.ts';

/** The part of an oclif flag that reading a command line needs. */
export interface FlagShape {
  readonly type: 'boolean' | 'option';
  readonly char?: string;
  readonly aliases?: readonly string[];
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  /** An option that may also stand without a value (`--status`). */
  readonly optionalValue?: string;
}

export type FlagShapes = Readonly<Record<string, FlagShape>>;

/** Spellings that are none of ours but common (01 §1.3). */
const spellings: Readonly<Record<string, string>> = { keepstorage: 'keep-storage' };

/**
 * Rewrites what a person typed into the plain form the parser takes: long option names, one value each, positionals
 * last. Handles `--a=b`, `--a=false`, `--no-a`, `_` for `-`, joined letters, `-ws`, brackets and lists of several values
 * (01 §1). Unknown options and wrong values are refused here, with the nearest known name.
 */
export function normaliseOptions(tokens: readonly string[], flags: FlagShapes, usage: string): string[] {
  const options: string[] = [];
  const positionals: string[] = [];
  const names = namesOf(flags);
  const chars = new Map(
    Object.entries(flags).flatMap(([name, flag]) => (flag.char ? [[flag.char, name] as const] : [])),
  );
  const queue = joinBrackets(tokens);

  const isOption = (token: string | undefined): boolean =>
    token !== undefined && token.startsWith('-') && token !== '-' && !/^-\d/.test(token);

  const take = (name: string, given: string | undefined, shown: string): void => {
    const flag = flags[name]!;
    if (flag.type === 'boolean') {
      options.push(readBoolean(shown, given) ? `--${name}` : `--no-${name}`);
      return;
    }
    let value = given;
    if (value === undefined) {
      if (queue.length > 0 && !isOption(queue[0])) value = queue.shift()!;
      else if (flag.optionalValue !== undefined) value = flag.optionalValue;
      else throw usageError(`Option ${shown} needs a value`, usage);
    }
    const values = flag.multiple ? splitList(value) : [value];
    if (flag.multiple && given === undefined) {
      while (queue.length > 0 && !isOption(queue[0])) values.push(...splitList(queue.shift()!));
    }
    for (const entry of values) {
      if (flag.options && !flag.options.includes(entry)) throw invalidValue(name, entry, flag.options);
      options.push(`--${name}`, entry);
    }
  };

  while (queue.length > 0) {
    const token = queue.shift()!;
    if (!isOption(token)) {
      positionals.push(token);
    } else if (token === '-ws' || token.startsWith('-ws=')) {
      if (!flags['workspace']) throw unknownOption('-ws', names, usage);
      take('workspace', token === '-ws' ? undefined : token.slice(4), '-ws');
    } else if (token.startsWith('--')) {
      const equals = token.indexOf('=');
      const typed = (equals === -1 ? token.slice(2) : token.slice(2, equals)).replaceAll('_', '-');
      const given = equals === -1 ? undefined : token.slice(equals + 1);
      const name = names.get(spellings[typed] ?? typed);
      const negated = typed.startsWith('no-') ? names.get(typed.slice(3)) : undefined;
      if (name !== undefined) take(name, given, `--${typed}`);
      else if (negated !== undefined && flags[negated]!.type === 'boolean') options.push(`--no-${negated}`);
      else throw unknownOption(`--${typed}`, names, usage);
    } else {
      takeLetters(token, chars, flags, take, (shown) => unknownOption(shown, names, usage));
    }
  }
  return [...options, '--', ...positionals];
}

function takeLetters(
  token: string,
  chars: ReadonlyMap<string, string>,
  flags: FlagShapes,
  take: (name: string, given: string | undefined, shown: string) => void,
  unknown: (shown: string) => ProvisioningError,
): void {
  for (let at = 1; at < token.length; at += 1) {
    const letter = token[at]!;
    const name = chars.get(letter);
    if (name === undefined) throw unknown(token.length === 2 ? token : `-${letter}`);
    if (flags[name]!.type === 'boolean') {
      take(name, undefined, `-${letter}`);
      continue;
    }
    const rest = token.slice(at + 1);
    take(name, rest === '' ? undefined : rest.replace(/^=/, ''), `-${letter}`);
    return;
  }
}

function namesOf(flags: FlagShapes): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, flag] of Object.entries(flags))
    for (const alias of flag.aliases ?? []) names.set(alias, name);
  for (const name of Object.keys(flags)) names.set(name, name);
  return names;
}

function readBoolean(shown: string, given: string | undefined): boolean {
  if (given === undefined || given === 'true') return true;
  if (given === 'false') return false;
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for ${shown}: ${given}. Valid: true, false`,
  });
}

/** `Invalid value for --out: X. Valid: table, text, …` (01 §5.1). */
export function invalidValue(name: string, value: string, valid: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --${name}: ${value}. Valid: ${valid.join(', ')}`,
  });
}

function unknownOption(shown: string, names: ReadonlyMap<string, string>, usage: string): ProvisioningError {
  const near = shown.startsWith('--') ? suggest(shown.slice(2), names.keys()) : undefined;
  return usageError(
    `Unknown option: ${shown}`,
    usage,
    near === undefined ? undefined : `Did you mean: --${near}?`,
  );
}

function usageError(message: string, usage: string, hint?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_OPTION',
    kind: 'usage',
    message,
    hint: hint ?? `Usage: ${usage}`,
  });
}
