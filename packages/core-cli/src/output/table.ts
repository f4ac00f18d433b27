import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';

/** A column of a list: its title and how a row fills it. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | boolean | undefined | null;
  /** Colours the cell after it was fitted. */
  readonly paint?: (text: string, row: Row, style: Style) => string;
  readonly align?: 'left' | 'right';
}

/** Visible width of a text; wide characters of East Asian scripts take two cells. */
export function width(text: string): number {
  let cells = 0;
  for (const character of stripVTControlCharacters(text)) cells += isWide(character.codePointAt(0)!) ? 2 : 1;
  return cells;
}

function isWide(code: number): boolean {
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd))
  );
}

/** Shortens to `cells`, with `…` (or `~` without colour) in place of what is cut. */
export function fit(text: string, cells: number, ellipsis = '…'): string {
  if (width(text) <= cells) return text;
  let result = '';
  for (const character of stripVTControlCharacters(text)) {
    if (width(result + character) > cells - 1) break;
    result += character;
  }
  return cells > 0 ? result + ellipsis : '';
}

/** Pads on the right (or left) to `cells`. */
export function pad(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, cells - width(text)));
  return align === 'left' ? text + gap : gap + text;
}

export interface TableOptions {
  readonly columns: number;
  readonly style: Style;
  /** Titles above the rows; off in `text` format. */
  readonly header: boolean;
  /** Shrink to the terminal; off in pipes, where nothing is cut. */
  readonly fit: boolean;
}

/**
 * Rows as lines with two spaces between columns. Where the terminal is too narrow even for shortened columns, each row
 * becomes a small block of `Title: value` lines.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: TableOptions,
): string[] {
  const cells = rows.map((row) => columns.map((column) => show(column.value(row))));
  const natural = columns.map((column, index) =>
    Math.max(options.header ? width(column.title) : 0, 1, ...cells.map((row) => width(row[index]!))),
  );
  const widths = options.fit ? shrink(natural, options.columns - 2 * (columns.length - 1)) : natural;
  if (!widths) return renderBlocks(rows, columns, cells, options);
  const line = (texts: readonly string[], paint: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const fitted = fit(text, widths[index]!, options.style.colour ? '…' : '~');
        const last = index === texts.length - 1 && columns[index]!.align !== 'right';
        const gap = last ? '' : ' '.repeat(Math.max(0, widths[index]! - width(fitted)));
        const painted = paint(fitted, index);
        return columns[index]!.align === 'right' ? gap + painted : painted + gap;
      })
      .join('  ')
      .trimEnd();
  const lines = cells.map((texts, row) =>
    line(texts, (text, index) => columns[index]!.paint?.(text, rows[row]!, options.style) ?? text),
  );
  if (options.header)
    lines.unshift(
      line(
        columns.map((column) => column.title),
        (text) => options.style.strong(text),
      ),
    );
  return lines;
}

function show(value: string | number | boolean | undefined | null): string {
  if (value === undefined || value === null || value === '') return '-';
  return String(value).replaceAll(/[\r\n\t]+/g, ' ');
}

/** Takes cells from the widest columns until the table fits; undefined when that leaves less than 6 cells a column. */
function shrink(natural: readonly number[], available: number): number[] | undefined {
  const widths = [...natural];
  let excess = widths.reduce((sum, cells) => sum + cells, 0) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= 6) return undefined;
    widths[widest]! -= 1;
    excess -= 1;
  }
  return widths;
}

function renderBlocks<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  const label = Math.max(...columns.map((column) => width(column.title))) + 1;
  return rows.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...columns.map((column, at) => {
      const text = fit(
        cells[index]![at]!,
        Math.max(8, options.columns - label - 1),
        options.style.colour ? '…' : '~',
      );
      return `${options.style.strong(pad(`${column.title}:`, label))} ${column.paint?.(text, row, options.style) ?? text}`;
    }),
  ]);
}
