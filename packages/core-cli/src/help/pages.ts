import { activeAliases, spellingsOf } from '../aliases/resolve.ts';
import {
  type Category,
  categories,
  categoryCommands,
  categoryOf,
  findCategory,
} from '../catalogue/categories.ts';
import { type Catalogue, subcommands } from '../command-catalogue.ts';
import { topics } from '../catalogue/topics.ts';
import type { Style } from '../output/style.ts';
import { pad } from '../output/table.ts';
import { width } from '../output/width.ts';
import { globalOptions } from '../argv/global-options.ts';

/** Name and one line about it, in two columns. */
export function definitions(rows: readonly (readonly [string, string])[], style: Style): string[] {
  const left = Math.min(28, Math.max(0, ...rows.map(([name]) => width(name))));
  return rows.map(([name, text]) => `  ${style.note(pad(name, left))}  ${text}`.trimEnd());
}

/** `help`: every category with its commands and their short forms (01 §2.2). */
export function overviewPage(catalogue: Catalogue, style: Style, titles: boolean): string[] {
  const lines = titles ? [style.strong(`Provisioning ${catalogue.version}`), ''] : [];
  lines.push(
    style.strong('Usage:'),
    '  provisioning [global-options] <command> [subcommand] [options] [arguments]',
    '',
  );
  lines.push(style.strong('Commands:'));
  const rows: [string, string][] = [];
  for (const category of categories) {
    const commands = categoryCommands(catalogue, category);
    if (commands.length === 0) continue;
    const shown = commands.map((name) => {
      const short = spellingsOf(name).filter((alias) => !alias.includes(' ') && alias.length < name.length);
      return short.length === 0 ? name : `${name} (${short.join(', ')})`;
    });
    rows.push([category.name, shown.join(', ')]);
  }
  lines.push(
    ...definitions(rows, style),
    '',
    style.strong('Global options:'),
    ...globalOptionLines(style),
    '',
  );
  lines.push(
    `Use 'provisioning help <category>' or 'provisioning help <command>'`,
    `New here? 'provisioning sc' is the short reference, 'provisioning guide from-scratch' the long way`,
  );
  return lines;
}

/** The options every command has. */
export function globalOptionLines(style: Style): string[] {
  return definitions(
    globalOptions
      .filter((option) => !option.hidden)
      .map((option): [string, string] => {
        const short = option.char === undefined ? '' : `-${option.char}, `;
        const value = option.value === undefined ? '' : ` <${option.value}>`;
        return [`${short}--${option.name}${value}`, option.summary];
      }),
    style,
  );
}

/** `help --all`: every command in one line. */
export function allCommandsPage(catalogue: Catalogue, style: Style): string[] {
  return definitions(
    [...catalogue.commands.values()]
      .filter((entry) => !entry.hidden)
      .map((entry) => [entry.id, entry.summary]),
    style,
  );
}

/** `help infrastructure`: the category's commands, and the subcommands of the command of the same name. */
export function categoryPage(catalogue: Catalogue, category: Category, style: Style): string[] {
  const lines = [style.strong(`${category.name.toUpperCase()} - ${category.summary}`), ''];
  if (category.aliases.length > 0)
    lines.push(`${style.strong('Aliases:')} ${category.aliases.join(', ')}`, '');
  lines.push(style.strong('Commands:'));
  const rows = categoryCommands(catalogue, category).map((name): [string, string] => [
    name,
    topicSummary(catalogue, name),
  ]);
  lines.push(...definitions(rows, style));
  const sameName = [category.name, ...category.aliases].flatMap((name) => {
    const target = topicOf(catalogue, name);
    return target === undefined ? [] : [target];
  });
  for (const topic of new Set(sameName)) {
    if (subcommands(catalogue, topic).length === 0) continue;
    lines.push('', style.strong(`${topic} subcommands:`), ...subcommandLines(catalogue, topic, style));
  }
  lines.push(
    '',
    ...aliasLines(
      catalogue,
      rows.map(([name]) => name),
      style,
    ),
  );
  lines.push(`Use 'provisioning help <command>' for more details`);
  if (category.page !== undefined) lines.push(`See: provisioning docs ${category.page}`);
  return lines;
}

/** `help server`: what stands under a topic. */
export async function topicPage(catalogue: Catalogue, topic: string, style: Style): Promise<string[]> {
  const lines = [style.strong(`${topic} - ${topicSummary(catalogue, topic)}`), ''];
  const { bare, subject } = topics[topic] ?? {};
  lines.push(style.strong('Usage:'), `  provisioning ${topic} <subcommand> [options]`);
  if (bare !== undefined) lines.push(`  provisioning ${topic}  ${style.dim(`= ${bare}`)}`);
  if (subject !== undefined)
    lines.push(`  provisioning ${topic} <name>  ${style.dim(`= ${subject} <name>`)}`);
  lines.push('');
  const aliases = spellingsOf(topic);
  if (aliases.length > 0) lines.push(style.strong('Aliases:'), `  ${aliases.join(', ')}`, '');
  lines.push(style.strong('Subcommands:'), ...subcommandLines(catalogue, topic, style));
  const below = [...catalogue.commands.values()].filter(
    ({ id, hidden }) => hidden !== true && id.startsWith(`${topic} `),
  );
  const details = await Promise.all(below.map(({ id }) => catalogue.details(id)));
  const examples = details.flatMap(({ examples: [first] }) => (first === undefined ? [] : [first]));
  lines.push('', style.strong('Examples:'), ...examples.slice(0, 3).map((example) => `  ${example}`));
  lines.push('', `Use 'provisioning help ${topic} <subcommand>' for its options`);
  return [...lines, ...seeAlso(topic)];
}

/** Subcommands with their summaries; nested ones are listed in full words. */
export function subcommandLines(catalogue: Catalogue, topic: string, style: Style): string[] {
  const rows: [string, string][] = [];
  for (const [id, entry] of catalogue.commands) {
    if (entry.hidden || !id.startsWith(`${topic} `)) continue;
    const name = id.slice(topic.length + 1);
    const other = spellingsOf(id)
      .filter((spelling) => spelling.startsWith(`${topic} `))
      .map((spelling) => spelling.slice(topic.length + 1));
    rows.push([other.length === 0 ? name : `${name} (${other.join(', ')})`, entry.summary]);
  }
  return definitions(rows, style);
}

/** Last lines of a page. */
export function seeAlso(id: string): string[] {
  const category = categoryOf(id);
  return category ? ['', `See also: provisioning help ${category.name}`] : [];
}

export function topicSummary(catalogue: Catalogue, name: string): string {
  return catalogue.commands.get(name)?.summary ?? topics[name]?.summary ?? '';
}

function aliasLines(catalogue: Catalogue, commands: readonly string[], style: Style): string[] {
  const rows = [...activeAliases(catalogue)]
    .filter(([, target]) => commands.includes(target.split(' ')[0]!))
    .map(([spelling, target]): [string, string] => [spelling, target]);
  return rows.length === 0 ? [] : [style.strong('Short forms:'), ...definitions(rows, style), ''];
}

/** The command or topic that a word names, directly or through an alias. */
function topicOf(catalogue: Catalogue, word: string): string | undefined {
  const target = activeAliases(catalogue).get(word) ?? word;
  return subcommands(catalogue, target).length > 0 || catalogue.commands.has(target) ? target : undefined;
}

/** The category whose page a word opens: its name, its alias, or a command that shares one of them. */
export function categoryFor(catalogue: Catalogue, words: readonly string[]): Category | undefined {
  if (words.length !== 1) return undefined;
  const word = words[0]!;
  const direct = findCategory(catalogue, word);
  if (direct) return direct;
  return categories.find(
    (category) =>
      [category.name, ...category.aliases].some((name) => topicOf(catalogue, name) === word) &&
      categoryCommands(catalogue, category).length > 0,
  );
}
