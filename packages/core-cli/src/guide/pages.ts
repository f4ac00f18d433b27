import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { suggest } from '../suggest.ts';
import { docsFolder } from './locate.ts';

/** A page of the documentation. */
export interface DocsPage {
  /** Its path below `docs/` without the ending: `concepts/overview`. */
  readonly topic: string;
  readonly title: string;
  readonly path: string;
}

/** Where the pages are on the web. */
const online = 'https://github.com/provisioning/provisioning/blob/main/docs';

/** All pages that came with the program, by topic. @throws ProvisioningError `GUIDES_MISSING`. */
export async function docsPages(): Promise<DocsPage[]> {
  const folder = docsFolder();
  if (folder === undefined) {
    throw new ProvisioningError({
      code: 'GUIDES_MISSING',
      message: 'Documentation not found (reinstall @provisioning/cli)',
      hint: `'provisioning sc' always works`,
    });
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const pages = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const title = /^# (.+)$/m.exec(await readFile(path, 'utf8'))?.[1] ?? entry.name;
      return { topic: relative(folder, path).slice(0, -'.md'.length), title, path };
    });
  return (await Promise.all(pages)).sort((left, right) => left.topic.localeCompare(right.topic));
}

/** The page with that topic, or the only one whose last part is that name. @throws ProvisioningError `PAGE_NOT_FOUND`. */
export function findPage(pages: readonly DocsPage[], wanted: string): DocsPage {
  const name = wanted.replace(/\.md$/, '').toLowerCase();
  const exact = pages.find(({ topic }) => topic.toLowerCase() === name);
  const inside = pages.filter(({ topic }) => {
    const parts = topic.toLowerCase().split('/');
    return parts.at(-1) === name || (parts.at(-1) === 'readme' && parts.at(-2) === name);
  });
  const page = exact ?? (inside.length === 1 ? inside[0] : undefined);
  if (page !== undefined) return page;
  const near = suggest(
    name,
    pages.flatMap(({ topic }) => [topic, topic.split('/').at(-1)!]),
  );
  throw new ProvisioningError({
    code: 'PAGE_NOT_FOUND',
    kind: 'not-found',
    message:
      inside.length > 1
        ? `Several pages are called ${wanted}: ${inside.map(({ topic }) => topic).join(', ')}`
        : `Unknown documentation page: ${wanted}`,
    hint: near === undefined ? 'provisioning docs' : `Did you mean: provisioning docs ${near}?`,
  });
}

/** Lines of all pages that contain the words, whatever their case. */
export async function searchPages(
  pages: readonly DocsPage[],
  words: string,
): Promise<{ readonly topic: string; readonly line: number; readonly text: string }[]> {
  const needle = words.toLowerCase();
  const found = pages.map(async ({ topic, path }) =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .map((text, index) => ({ topic, line: index + 1, text: text.trim() }))
      .filter(({ text }) => text.toLowerCase().includes(needle)),
  );
  return (await Promise.all(found)).flat();
}

export function onlineAddress({ topic }: DocsPage): string {
  return `${online}/${topic}.md`;
}
