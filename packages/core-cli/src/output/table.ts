import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';
import { width } from './width.ts';
import { wrapCell } from './wrap.ts';

/** A column of a list: its title and how a row fills it. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | boolean | undefined | null;
  /** Colours the cell after it was fitted. */
  readonly paint?: (text: string, row: Row, style: Style) => string;
  readonly align?: 'left' | 'right';
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
 * Rows as lines with two spaces between columns. In a terminal the last column is wrapped, the others are shortened where
 * that is not enough. Where the terminal is too narrow for that, each row becomes a small block of `Title: value` lines.
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
  const wraps = options.fit && columns.at(-1)?.align !== 'right';
  const widths = options.fit ? shrink(natural, options.columns - 2 * (columns.length - 1), wraps) : natural;
  if (!widths) return renderBlocks(rows, columns, cells, options);
  const last = columns.length - 1;
  const line = (texts: readonly string[], paint: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const fitted = fit(text, widths[index]!, options.style.colour ? '…' : '~');
        const open = index === last && columns[index]!.align !== 'right';
        const gap = open ? '' : ' '.repeat(Math.max(0, widths[index]! - width(fitted)));
        const painted = paint(fitted, index);
        return columns[index]!.align === 'right' ? gap + painted : painted + gap;
      })
      .join('  ')
      .trimEnd();
  const lines = cells.flatMap((texts, row) => {
    const paint = (text: string, index: number): string =>
      columns[index]!.paint?.(text, rows[row]!, options.style) ?? text;
    const [first = '', ...more] = wraps ? wrapCell(texts[last]!, widths[last]!) : [texts[last]!];
    const under = ' '.repeat(widths.slice(0, last).reduce((sum, cells) => sum + cells + 2, 0));
    return [line([...texts.slice(0, last), first], paint), ...more.map((text) => under + paint(text, last))];
  });
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

/** A wrapped column is readable down to this. */
const wrapped = 24;

/**
 * Takes cells from the column that is wrapped, then from the widest ones, until the table fits; undefined when that leaves
 * less than 6 cells a column.
 */
function shrink(natural: readonly number[], available: number, wraps: boolean): number[] | undefined {
  const widths = [...natural];
  let excess = widths.reduce((sum, cells) => sum + cells, 0) - available;
  const last = widths.length - 1;
  if (wraps && excess > 0) {
    const taken = Math.max(0, Math.min(excess, widths[last]! - wrapped));
    widths[last]! -= taken;
    excess -= taken;
  }
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= 6) return undefined;
    widths[widest]! -= 1;
    excess -= 1;
  }
  return wraps && widths[last]! < Math.min(natural[last]!, wrapped / 2) ? undefined : widths;
}

function renderBlocks<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  const label = Math.max(...columns.map((column) => width(column.title))) + 1;
  const space = Math.max(8, options.columns - label - 1);
  return rows.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...columns.flatMap((column, at) => {
      const [first = '', ...more] = wrapCell(cells[index]![at]!, space).map(
        (text) => column.paint?.(text, row, options.style) ?? text,
      );
      const title = options.style.strong(pad(`${column.title}:`, label));
      return [`${title} ${first}`, ...more.map((text) => ' '.repeat(label + 1) + text)];
    }),
  ]);
}
