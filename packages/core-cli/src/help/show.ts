import { isDocumentTopic } from '../catalogue/document-topics.ts';
import { categoryCommands, findCategory } from '../catalogue/categories.ts';
import { type Catalogue, prefixes } from '../command-catalogue.ts';
import type { Route } from '../argv/route.ts';
import { unknownHelpTopic } from '../errors/unknown.ts';
import { resolveWords } from '../aliases/resolve.ts';
import type { Style } from '../output/style.ts';
import { commandPage } from './command-page.ts';
import { documentTopicPage } from './document-topic-page.ts';
import { allCommandsPage, categoryFor, categoryPage, overviewPage, topicPage } from './pages.ts';

/**
 * The page a command line asks for. The same page, byte for byte, whichever way it was asked (01 §2.1).
 * @throws ProvisioningError `UNKNOWN_HELP_TOPIC`.
 */
export async function helpPage(
  catalogue: Catalogue,
  route: Pick<Route, 'words' | 'typed' | 'category'>,
  options: {
    readonly all: boolean;
    readonly detailed: boolean;
    /** Only the examples of the page (24 §3). */
    readonly examples?: boolean;
    readonly titles: boolean;
    readonly style: Style;
  },
): Promise<string[]> {
  const { style } = options;
  if (options.examples === true) return await examplePage(catalogue, route, style);
  const found = resolveWords(catalogue, route.typed);
  const words = found.words;
  const single = route.typed.length === 1 ? categoryFor(catalogue, [route.typed[0]!]) : undefined;
  const category =
    single ?? (words.length === route.typed.length ? categoryFor(catalogue, words) : undefined);
  if (category) return categoryPage(catalogue, category, style);
  if (route.typed.length === 1 && route.typed[0] === 'all') return allCommandsPage(catalogue, style);
  if (words.length === 0) {
    if (route.category !== undefined && route.typed.length === 0) {
      return categoryPage(catalogue, findCategory(catalogue, route.category)!, style);
    }
    if (isDocumentTopic(route.typed.join(' '))) return await documentTopicPage(route.typed.join(' '), style);
    if (route.typed.length > 0) throw unknownHelpTopic(catalogue, route.typed.join(' '));
    if (options.all) return allCommandsPage(catalogue, style);
    const page = overviewPage(catalogue, style, options.titles);
    return options.detailed ? [...page, '', ...(await exampleLines(catalogue, style))] : page;
  }
  const id = words.join(' ');
  if (catalogue.commands.has(id)) return commandPage(catalogue, await catalogue.details(id), style);
  if (prefixes(catalogue).has(id)) return await topicPage(catalogue, id, style);
  throw unknownHelpTopic(catalogue, route.typed.join(' '));
}

/** Every example of a command, or the first of each command of a topic, a category or all. */
async function examplePage(
  catalogue: Catalogue,
  route: Pick<Route, 'typed' | 'category'>,
  style: Style,
): Promise<string[]> {
  const { words } = resolveWords(catalogue, route.typed);
  const id = words.join(' ');
  if (catalogue.commands.has(id)) {
    const { examples } = await catalogue.details(id);
    return [style.strong('Examples:'), ...examples.map((example) => `  ${example}`)];
  }
  const asked = route.typed.length === 0 ? route.category : route.typed.join(' ');
  if (asked === undefined || asked === 'all') return await exampleLines(catalogue, style);
  const category = findCategory(catalogue, asked);
  const tops = category ? categoryCommands(catalogue, category) : prefixes(catalogue).has(id) ? [id] : [];
  if (tops.length === 0) throw unknownHelpTopic(catalogue, asked);
  return await exampleLines(catalogue, style, (name) =>
    tops.some((top) => name === top || name.startsWith(`${top} `)),
  );
}

async function exampleLines(
  catalogue: Catalogue,
  style: Style,
  wanted: (id: string) => boolean = () => true,
): Promise<string[]> {
  const lines = [style.strong('Examples:')];
  for (const [id, { hidden }] of catalogue.commands) {
    if (hidden || !wanted(id)) continue;
    const { examples } = await catalogue.details(id);
    if (examples[0] !== undefined) lines.push(`  ${examples[0]}`);
  }
  return lines;
}
