import { type Catalogue, prefixes } from '../command-catalogue.ts';
import { aliasRegistry, verbs } from './registry.ts';

const bySpelling = new Map<string, string>();
for (const row of aliasRegistry) for (const spelling of row.spellings) bySpelling.set(spelling, row.target);

/** Single words that stand for another word wherever a noun or verb is expected: `s` is `server`, `c` is `create`. */
const byWord = new Map(
  aliasRegistry
    .filter((row) => !row.target.includes(' '))
    .flatMap((row) =>
      row.spellings.filter((word) => !word.includes(' ')).map((word) => [word, row.target] as const),
    ),
);

/** The other spellings of a command or topic that lead to it in this build. */
export function spellingsOf(target: string): readonly string[] {
  return aliasRegistry.filter((row) => row.target === target).flatMap((row) => row.spellings);
}

/** Every spelling of this build with what it resolves to; used by completion, help and tests. */
export function activeAliases(catalogue: Catalogue): ReadonlyMap<string, string> {
  const known = prefixes(catalogue);
  const result = new Map<string, string>();
  for (const [spelling, target] of bySpelling) {
    if (!known.has(spelling) && known.has(target)) result.set(spelling, target);
  }
  return result;
}

export interface Resolution {
  /** Canonical words of the longest command or topic found. */
  readonly words: readonly string[];
  /** How many of the given words it took. */
  readonly consumed: number;
}

/**
 * Finds the longest known command or topic at the start of `words`, through aliases, verb-first forms and singular or
 * plural nouns. An exact name always wins over an alias.
 */
export function resolveWords(catalogue: Catalogue, words: readonly string[]): Resolution {
  const known = prefixes(catalogue);
  let best: Resolution = { words: [], consumed: 0 };
  const consider = (candidate: Resolution): void => {
    const better =
      candidate.consumed > best.consumed ||
      (candidate.consumed === best.consumed && candidate.words.length > best.words.length);
    if (better) best = candidate;
  };
  for (const start of starts(catalogue, words)) consider(extend(known, start, words));
  return best;
}

/** The readings of the first word or words. */
function starts(catalogue: Catalogue, words: readonly string[]): Resolution[] {
  const known = prefixes(catalogue);
  const [first, second] = words;
  if (first === undefined) return [];
  if (known.has(first)) {
    const result: Resolution[] = [{ words: [first], consumed: 1 }];
    const verbFirst = readVerbFirst(known, first, second);
    return verbFirst ? [...result, verbFirst] : result;
  }
  const result: Resolution[] = [];
  for (let consumed = Math.min(3, words.length); consumed > 0; consumed -= 1) {
    const target = bySpelling.get(words.slice(0, consumed).join(' '));
    if (target !== undefined && known.has(target)) result.push({ words: target.split(' '), consumed });
  }
  const verb = byWord.get(first) ?? first;
  const verbFirst = readVerbFirst(known, verb, second);
  if (verbFirst) result.push(verbFirst);
  return result;
}

function readVerbFirst(
  known: ReadonlySet<string>,
  verb: string,
  second: string | undefined,
): Resolution | undefined {
  if (second === undefined || !verbs.has(verb)) return undefined;
  const noun = known.has(second) ? second : (byWord.get(second) ?? second);
  return known.has(`${noun} ${verb}`) ? { words: [noun, verb], consumed: 2 } : undefined;
}

/** Takes further words as long as they lead to something known. */
function extend(known: ReadonlySet<string>, start: Resolution, words: readonly string[]): Resolution {
  let current = start;
  for (let index = start.consumed; index < words.length; index += 1) {
    const word = words[index]!;
    const next = [...current.words, word].join(' ');
    const aliased = bySpelling.get(next);
    const verb = byWord.get(word);
    const found = known.has(next)
      ? next
      : aliased !== undefined && known.has(aliased)
        ? aliased
        : verb !== undefined && known.has([...current.words, verb].join(' '))
          ? [...current.words, verb].join(' ')
          : undefined;
    if (found === undefined) break;
    current = { words: found.split(' '), consumed: index + 1 };
  }
  return current;
}
