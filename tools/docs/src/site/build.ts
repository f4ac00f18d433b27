import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { packageVersion } from '@provisioning/cli';
import { markdownFiles } from '../commands.ts';
import { errorCodes } from '../error-codes.ts';
import { documentOf } from './layout.ts';
import { renderPage } from './page.ts';

const docs = join(import.meta.dirname, '../../../../docs');

/** Writes the documentation as a static site: one HTML file a page, pictures, and the index of the search. */
export function buildSite(target: string): readonly string[] {
  const sources = markdownFiles(docs).filter((file) => !file.startsWith(join(docs, 'site')));
  const pages = [
    ...sources.map((file) => renderPage(relative(docs, file), sourceOf(file))),
    renderPage('reference/error-codes.md', errorCodes()),
  ];
  rmSync(target, { recursive: true, force: true });
  const version = packageVersion();
  for (const page of pages) write(join(target, page.path), documentOf(page, pages, version));
  write(
    join(target, 'search.json'),
    JSON.stringify(pages.map(({ path, title, text }) => ({ path, title, text: text.slice(0, 60_000) }))),
  );
  cpSync(join(docs, 'assets'), join(target, 'assets'), { recursive: true });
  return pages.map(({ path }) => path);
}

/** The list of codes exists on the site alone: it follows every change of the sources. */
function sourceOf(file: string): string {
  const text = readFileSync(file, 'utf8');
  return relative(docs, file) === 'troubleshooting/README.md'
    ? `${text}\nAll [error codes](../reference/error-codes.md).\n`
    : text;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
