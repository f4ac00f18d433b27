import { readFile } from 'node:fs/promises';
import { documentTopics } from '../catalogue/document-topics.ts';
import { docsPages, findPage } from '../guide/pages.ts';
import type { Style } from '../output/style.ts';

/** What a page is about: its first paragraph and its parts, then where to read on. */
export async function documentTopicPage(word: string, style: Style): Promise<string[]> {
  const page = findPage(await docsPages(), documentTopics[word]!);
  const text = (await readFile(page.path, 'utf8')).replace(/^---\n[\s\S]*?\n---\n/, '');
  const [, opening = ''] = /^# .+\n+((?![#|`]).+(?:\n(?![#|`]).+)*)?/m.exec(text) ?? [];
  const parts = [...text.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title);
  return [
    style.strong(page.title.toLowerCase() === word ? page.title : `${word.toUpperCase()} - ${page.title}`),
    '',
    ...(opening === '' ? [] : [opening.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', ''), '']),
    ...(parts.length === 0 ? [] : [style.strong('It tells:'), ...parts.map((part) => `  ${part}`), '']),
    `See: provisioning docs ${page.topic.replace(/\/README$/, '')}`,
  ];
}
