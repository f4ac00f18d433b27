import { activeAliases, resolveWords } from '../aliases/resolve.ts';
import { globalOptions } from '../argv/global-options.ts';
import {
  type Catalogue,
  type CommandDetails,
  type ParameterEntry,
  prefixes,
  subcommands,
} from '../command-catalogue.ts';
import { topics } from '../catalogue/topics.ts';

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** Names that completion offers for an argument or an option, by what the parameter is called. */
export type NameSource = (kind: string) => Promise<readonly string[]>;

/**
 * What may stand at the place of the last of `words` (01 §12): subcommands and aliases, options, values of options,
 * names. The last word is the one being typed, possibly empty.
 */
export async function candidates(
  catalogue: Catalogue,
  words: readonly string[],
  names: NameSource,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  if (before.includes('--')) return [];
  const leading = before.filter((word) => !word.startsWith('-'));
  const found = resolveWords(catalogue, leading);
  const id = found.words.join(' ');
  const details = catalogue.commands.has(id) ? await catalogue.details(id) : undefined;
  const pending = optionAt(before.at(-1), details);
  const inline = /^(--[\w-]+)=(.*)$/.exec(current);
  if (inline) {
    const option = optionAt(inline[1], details);
    const values = option ? await valuesOf(option, names) : [];
    return matching(
      values.map((value) => ({ ...value, word: `${inline[1]}=${value.word}` })),
      current,
    );
  }
  if (pending?.value !== undefined) return matching(await valuesOf(pending, names), current);
  if (current.startsWith('-')) return matching(optionWords(details), current);
  const below = found.consumed === leading.length ? followers(catalogue, id) : [];
  if (!details) return matching(below, current);
  const position = leading.length - found.consumed;
  const argument = details.arguments[Math.min(position, details.arguments.length - 1)];
  const takes = argument !== undefined && (position < details.arguments.length || argument.multiple === true);
  const values = takes ? await valuesOf(argument, names) : [];
  return matching([...below, ...values], current);
}

/** Words that may follow a topic; at the start also the aliases. */
function followers(catalogue: Catalogue, id: string): Candidate[] {
  const known = prefixes(catalogue);
  const result = subcommands(catalogue, id).map((word) => {
    const full = id === '' ? word : `${id} ${word}`;
    return { word, description: catalogue.commands.get(full)?.summary ?? topics[full]?.summary ?? '' };
  });
  for (const [alias, target] of activeAliases(catalogue)) {
    const parts = alias.split(' ');
    const word = parts.pop()!;
    if (parts.join(' ') === id && !known.has(alias)) result.push({ word, description: `${target} (alias)` });
  }
  if (id === '') result.push({ word: 'help', description: 'Help for a command or category' });
  return result;
}

function optionWords(details: CommandDetails | undefined): Candidate[] {
  const own = (details?.options ?? []).map((option) => ({
    word: `--${option.name}`,
    description: option.summary,
  }));
  const names = new Set(own.map(({ word }) => word));
  const globals = globalOptions
    .filter((option) => details === undefined || !option.bare)
    .map((option) => ({ word: `--${option.name}`, description: option.summary }));
  return [...own, ...globals.filter(({ word }) => !names.has(word))];
}

function optionAt(
  token: string | undefined,
  details: CommandDetails | undefined,
): ParameterEntry | undefined {
  if (token === undefined || !token.startsWith('-')) return undefined;
  if (token === '-ws') return { name: 'workspace', summary: '', value: 'name' };
  const own = details?.options.find(({ name, char }) => token === `--${name}` || token === `-${char}`);
  if (own) return own;
  return globalOptions.find(
    ({ name, char, aliases }) =>
      token === `--${name}` || token === `-${char}` || aliases?.some((alias) => token === `--${alias}`),
  );
}

async function valuesOf(parameter: ParameterEntry, names: NameSource): Promise<Candidate[]> {
  const words = parameter.options ?? (await names(kindOf(parameter.name)));
  return words.map((word) => ({ word, description: '' }));
}

const kinds: Readonly<Record<string, string>> = {
  ws: 'workspace',
  'infra-name': 'infra',
  servers: 'server',
  target: 'server',
  hostname: 'server',
  taskservs: 'taskserv',
  providers: 'provider',
  name: 'server',
};

function kindOf(name: string): string {
  return kinds[name] ?? name;
}

function matching(values: readonly Candidate[], current: string): Candidate[] {
  const seen = new Set<string>();
  return values.filter(({ word }) => word.startsWith(current) && !seen.has(word) && seen.add(word));
}
