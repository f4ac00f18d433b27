import type { Style } from '../output/style.ts';
import { width } from '../output/table.ts';

/**
 * Markdown as styled lines for a terminal: headings, lists, code, emphasis. Enough for our own guides. Text is wrapped
 * between words where `columns` are given; commands are not, so that they can be copied.
 */
export function renderMarkdown(text: string, style: Style, columns = Infinity): string {
  let code = false;
  const lines = text.split('\n').flatMap((line) => {
    if (line.startsWith('```')) {
      code = !code;
      return [];
    }
    if (code) return [`    ${style.note(line)}`];
    return wrap(rendered(line, style), columns);
  });
  return lines.join('\n');
}

/** One line of text. */
function rendered(line: string, style: Style): string {
  const heading = /^(#{1,4})\s+(.*)$/.exec(line);
  if (heading) return style.strong(heading[1]!.length === 1 ? heading[2]!.toUpperCase() : heading[2]!);
  return inline(line.replace(/^(\s*)[-*]\s+/, `$1${style.colour ? '•' : '-'} `), style);
}

/** Lines of at most so many columns; a longer word stays whole. Further lines of a list item stand below its text. */
function wrap(line: string, columns: number): string[] {
  if (width(line) <= columns) return [line];
  const [, indent = '', bullet = ''] = /^( *)([•-] )?/.exec(line) ?? [];
  const under = ' '.repeat(indent.length + bullet.length);
  const lines: string[] = [];
  let current = '';
  for (const word of line.slice(indent.length + bullet.length).split(' ')) {
    const start = lines.length === 0 ? indent + bullet : under;
    const longer = current === '' ? start + word : `${current} ${word}`;
    if (current !== '' && width(longer) > columns) {
      lines.push(current);
      current = under + word;
    } else current = longer;
  }
  return [...lines, current];
}

function inline(line: string, style: Style): string {
  return line
    .replaceAll(/`([^`]+)`/g, (_, inner: string) => style.note(inner))
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, inner: string) => style.strong(inner))
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, title: string, target: string) => `${title} (${target})`);
}
