import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Resolution, resolveWords } from '../aliases/resolve.ts';
import { categoryCommands, findCategory } from '../catalogue/categories.ts';
import { type Catalogue, prefixes } from '../command-catalogue.ts';
import { isDocumentTopic } from '../catalogue/document-topics.ts';
import { topics } from '../catalogue/topics.ts';
import { findGlobalOption } from './global-options.ts';

/** Where a command line leads before anything is loaded. */
export interface Route {
  /** Canonical words found; empty when there are none. */
  readonly words: readonly string[];
  /** Words as they were typed, without global options. */
  readonly typed: readonly string[];
  /** Options before the command and everything after it, for the parser of the command. */
  readonly rest: readonly string[];
  /** After `--`. */
  readonly passthrough: readonly string[];
  /** A category before the command (`infrastructure server list`) or alone. */
  readonly category?: string;
  readonly help: boolean;
}

const helpWords = new Set(['help', 'h']);

/**
 * Splits a command line into command, options and passthrough (01 §1.9, first steps). Global options may stand before,
 * between and after the words of a command; everything behind the command is left for the command's own parser.
 */
export function route(catalogue: Catalogue, argv: readonly string[]): Route {
  const end = argv.indexOf('--');
  const tokens = end === -1 ? argv : argv.slice(0, end);
  const passthrough = end === -1 ? [] : argv.slice(end + 1);
  const { words, before, positions } = leadingWords(tokens);

  let help = isHelpAsked(tokens);
  let typed = words;
  if (typed[0] === 'help' || (typed[0] === 'h' && typed.length > 1)) {
    help = true;
    typed = typed.slice(1);
  }
  const { category, skipped } = readCategory(catalogue, typed);
  if (skipped > 0) typed = typed.slice(skipped);
  const offset = words.length - typed.length;
  let found = resolveIn(catalogue, typed, skipped > 0 ? category : undefined);
  const next = typed[found.consumed];
  if (next !== undefined && helpWords.has(next) && (found.consumed > 0 || category !== undefined)) {
    const isLeafArgument = catalogue.commands.has(found.words.join(' ')) && typed.length > found.consumed + 1;
    if (!isLeafArgument) {
      help = true;
      typed = [...typed.slice(0, found.consumed), ...typed.slice(found.consumed + 1)];
      found = resolveIn(catalogue, typed, skipped > 0 ? category : undefined);
      if (category !== undefined && typed.length === 0)
        return { words: [], typed, rest: [], passthrough, category, help };
    }
  }
  if (!help) refuseEarlyWorkspaceOption(tokens);
  if (found.consumed === 0 && typed.length === 2 && helpWords.has(typed[1]!) && isDocumentTopic(typed[0]!)) {
    help = true;
    typed = typed.slice(0, 1);
  }
  const boundary = offset + found.consumed;
  const position = boundary === 0 ? 0 : (positions[boundary - 1] ?? tokens.length - 1) + 1;
  const optionsBefore = before.filter((entry) => entry.index < position).flatMap((entry) => entry.tokens);
  return {
    words: withDefaults(
      catalogue,
      found.words,
      typed.length > found.consumed,
      hasOwn(tokens.slice(position)),
    ),
    typed,
    rest: [...optionsBefore, ...tokens.slice(position)],
    passthrough,
    ...(category === undefined ? {} : { category }),
    help,
  };
}

/** Words up to the first option that is not global, and the global options between them. */
function leadingWords(tokens: readonly string[]): {
  words: string[];
  positions: number[];
  before: { index: number; tokens: string[] }[];
} {
  const words: string[] = [];
  const positions: number[] = [];
  const before: { index: number; tokens: string[] }[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if (!token.startsWith('-') || token === '-') {
      words.push(token);
      positions.push(index);
      continue;
    }
    const found = findGlobalOption(token);
    if (token === '-ws') {
      before.push({ index, tokens: tokens.slice(index, index + 2) });
      index += 1;
      continue;
    }
    if (!found) {
      before.push({ index, tokens: [token] });
      if (words.length > 0) break;
      continue;
    }
    const takesNext =
      found.option.value !== undefined && found.value === undefined && index + 1 < tokens.length;
    before.push({ index, tokens: takesNext ? [token, tokens[index + 1]!] : [token] });
    if (takesNext) index += 1;
  }
  return { words, positions, before };
}

function isHelpAsked(tokens: readonly string[]): boolean {
  return tokens.some((token) => token === '--help' || token === '-h');
}

/** `infrastructure server list`: a category that is no command itself may stand first. */
function readCategory(
  catalogue: Catalogue,
  typed: readonly string[],
): { category?: string; skipped: number } {
  const [first] = typed;
  if (first === undefined) return { skipped: 0 };
  const category = findCategory(catalogue, first);
  if (!category) return { skipped: 0 };
  if (prefixes(catalogue).has(first) || resolveWords(catalogue, [first]).consumed > 0) {
    return typed.length === 1 ? { category: category.name, skipped: 0 } : { skipped: 0 };
  }
  return { category: category.name, skipped: 1 };
}

/** Finds the command; behind a category only one that is in it: `platform status` is not `status`. */
function resolveIn(catalogue: Catalogue, typed: readonly string[], category: string | undefined): Resolution {
  const found = resolveWords(catalogue, typed);
  const [first] = found.words;
  if (category === undefined || first === undefined) return found;
  const isInside = categoryCommands(catalogue, findCategory(catalogue, category)!).includes(first);
  return isInside ? found : { words: [], consumed: 0 };
}

/** Whether an option follows that a topic alone has no use for: `form --schema storage` is `form run`. */
function hasOwn(tokens: readonly string[]): boolean {
  return tokens.some(
    (token) => token.startsWith('--') && (findGlobalOption(token)?.option.name ?? 'config') === 'config',
  );
}

/** A topic typed alone, or with a word that is no subcommand or an option, may stand for one of its commands. */
function withDefaults(
  catalogue: Catalogue,
  words: readonly string[],
  more: boolean,
  option: boolean,
): readonly string[] {
  const id = words.join(' ');
  if (catalogue.commands.has(id)) return words;
  const topic = topics[id];
  const target = more ? topic?.subject : (topic?.bare ?? (option ? topic?.subject : undefined));
  return target !== undefined && catalogue.commands.has(target) ? target.split(' ') : words;
}

/** `-ws` must follow the subcommand (S:43038). */
function refuseEarlyWorkspaceOption(tokens: readonly string[]): void {
  const at = tokens.findIndex((token) => token === '-ws' || token.startsWith('-ws='));
  if (at === -1) return;
  const wordBefore = tokens.slice(0, at).some((token) => !token.startsWith('-'));
  if (wordBefore) return;
  throw new ProvisioningError({
    code: 'INVALID_OPTION_POSITION',
    kind: 'usage',
    message: '-ws must follow the subcommand: provisioning <command> <subcommand> -ws <workspace:infra>',
  });
}
