import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from './terminal.ts';
import { width } from './width.ts';

/** What stands before the text of a line: its indentation, a mark, and a label or name that two spaces part from it. */
const opening = /^ *(?:(?:[•●○✓✗⚠ℹ→*-]|->|ok:|error:|warning:|info:) )?(?:\S+(?: \S+)* {2,})?/u;

/** Words with the spaces behind them; a command of ours is one of them. */
const words = /(?:^\s*)?(?:'provisioning [^']*'\S*\s*|provisioning [a-z<].*|\S+\s*)/g;

/**
 * A line as lines of at most so many columns, broken between words; a longer word stays whole, so that paths and commands
 * can be copied. Further lines stand below the text of the first, under its mark and its label.
 */
export function wrapLine(line: string, columns: number): string[] {
  if (width(line) <= columns) return [line];
  const before = opening.exec(stripVTControlCharacters(line))![0];
  const under = ' '.repeat(width(before) > columns / 2 ? 2 : width(before));
  const lines: string[] = [];
  let current = '';
  // The opening stays with the first word.
  for (const word of line.match(words) ?? []) {
    if (current !== '' && width(current + word.trimEnd()) > columns && width(current) > under.length) {
      lines.push(current.trimEnd());
      current = under + word;
    } else current += word;
  }
  return [...lines, current.trimEnd()];
}

/** A text in so many columns, for a cell: longer words are cut into pieces. */
export function wrapCell(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const current = lines.at(-1)!;
    if (current !== '' && width(current) + 1 + width(word) <= columns) {
      lines[lines.length - 1] = `${current} ${word}`;
      continue;
    }
    let rest = word;
    if (current !== '') lines.push('');
    while (width(rest) > columns) {
      lines[lines.length - 1] = rest.slice(0, columns);
      rest = rest.slice(columns);
      lines.push('');
    }
    lines[lines.length - 1] = rest;
  }
  return lines;
}

/** The lines of a text as a terminal of so many columns shows them best; for anything else the text as it is. */
export function wrapText(text: string, { interactive, columns }: Terminal): string {
  if (!interactive) return text;
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, columns))
    .join('\n');
}
