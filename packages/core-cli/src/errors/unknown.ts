import { ProvisioningError } from '@provisioning/extensions-sdk';
import { activeAliases } from '../aliases/resolve.ts';
import { categoryCommands, findCategory } from '../catalogue/categories.ts';
import { type Catalogue, prefixes, subcommands } from '../command-catalogue.ts';
import { topics } from '../catalogue/topics.ts';
import { suggest } from '../suggest.ts';
import { isPlanned } from '../catalogue/planned.ts';

/** The error for words that lead nowhere (01 §7): unknown command, subcommand or command of a category. */
export function unknownCommand(
  catalogue: Catalogue,
  words: readonly string[],
  typed: readonly string[],
  category?: string,
): ProvisioningError {
  const wrong = typed[wordsTaken(catalogue, words, typed)] ?? typed.at(-1) ?? '';
  if (isPlanned([...words, wrong].join(' '))) return notInThisVersion([...words, wrong].join(' '));
  if (words.length > 0) return unknownSubcommand(catalogue, words.join(' '), wrong);
  const inCategory = category === undefined ? undefined : findCategory(catalogue, category);
  if (inCategory) {
    if (isPlanned(inCategory.name)) return notInThisVersion(`${inCategory.name} ${wrong}`);
    const commands = categoryCommands(catalogue, inCategory);
    const list = commands.map((name) => `  ${name} - ${topicLine(catalogue, name)}`);
    return new ProvisioningError({
      code: 'UNKNOWN_COMMAND',
      kind: 'usage',
      message: [
        `Unknown ${inCategory.name} command: ${wrong}`,
        '',
        `Available ${inCategory.name} commands:`,
        ...list,
        '',
        `Use 'provisioning help ${inCategory.name}' for more details`,
      ].join('\n'),
    });
  }
  const known = [...prefixes(catalogue)].filter((id) => !id.includes(' '));
  const aliases = [...activeAliases(catalogue).keys()].filter(
    (alias) => !alias.includes(' ') && alias.length > 2,
  );
  const near = suggest(wrong, [...known, ...aliases]);
  return new ProvisioningError({
    code: 'UNKNOWN_COMMAND',
    kind: 'usage',
    message: [
      `Unknown command: ${wrong}`,
      ...(near === undefined ? [] : [`Did you mean: ${near}?`]),
      `Use 'provisioning help' to see all commands`,
    ].join('\n'),
    details: near === undefined ? undefined : { did_you_mean: near },
  });
}

function unknownSubcommand(catalogue: Catalogue, topic: string, wrong: string): ProvisioningError {
  const available = subcommands(catalogue, topic);
  const aliases = [...activeAliases(catalogue).keys()]
    .filter((alias) => alias.startsWith(`${topic} `))
    .map((alias) => alias.slice(topic.length + 1));
  const near = suggest(wrong, [...available, ...aliases]);
  return new ProvisioningError({
    code: 'UNKNOWN_SUBCOMMAND',
    kind: 'usage',
    message: `Unknown subcommand: ${wrong}\nAvailable: ${available.join(', ')}`,
    hint: near === undefined ? undefined : `Did you mean: provisioning ${topic} ${near}?`,
  });
}

/** For a topic with options but without its subcommand. */
export function missingSubcommand(catalogue: Catalogue, topic: string): ProvisioningError {
  return new ProvisioningError({
    code: 'MISSING_ARGUMENT',
    kind: 'usage',
    message: [
      'Missing required argument: subcommand',
      `Usage: provisioning ${topic} <subcommand>`,
      `Available: ${subcommands(catalogue, topic).join(', ')}`,
    ].join('\n'),
  });
}

/** For commands that the documentation names but this build does not have. */
export function notInThisVersion(id: string): ProvisioningError {
  return new ProvisioningError({
    code: 'NOT_IN_THIS_VERSION',
    kind: 'usage',
    message: `'${id}' is not part of this version`,
    hint: `'provisioning help' shows the commands of this version`,
  });
}

function topicLine(catalogue: Catalogue, name: string): string {
  const parts = subcommands(catalogue, name);
  const summary = topics[name]?.summary ?? catalogue.commands.get(name)?.summary ?? name;
  return parts.length === 0 ? summary : `${summary} (${parts.join(', ')})`;
}

function wordsTaken(catalogue: Catalogue, words: readonly string[], typed: readonly string[]): number {
  if (words.length === 0) return 0;
  const known = prefixes(catalogue);
  return known.has(typed.join(' ')) ? typed.length : Math.min(words.length, typed.length - 1);
}

/** `Unknown help topic: X` (01 §2.2). */
export function unknownHelpTopic(catalogue: Catalogue, topic: string): ProvisioningError {
  if (isPlanned(topic)) return notInThisVersion(topic);
  const near = suggest(topic, [...prefixes(catalogue)]);
  return new ProvisioningError({
    code: 'UNKNOWN_HELP_TOPIC',
    kind: 'usage',
    message: `Unknown help topic: ${topic}`,
    hint:
      near === undefined
        ? `'provisioning help' lists the topics`
        : `Did you mean: provisioning help ${near}?`,
  });
}
