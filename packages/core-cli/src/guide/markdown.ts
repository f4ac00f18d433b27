import type { Style } from '../output/style.ts';
import { wrapLine } from '../output/wrap.ts';

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
    return wrapLine(rendered(line, style), columns);
  });
  return lines.join('\n');
}

/** One line of text. */
function rendered(line: string, style: Style): string {
  const heading = /^(#{1,4})\s+(.*)$/.exec(line);
  if (heading) return style.strong(heading[1]!.length === 1 ? heading[2]!.toUpperCase() : heading[2]!);
  return inline(line.replace(/^(\s*)[-*]\s+/, `$1${style.colour ? '•' : '-'} `), style);
}

function inline(line: string, style: Style): string {
  return line
    .replaceAll(/`([^`]+)`/g, (_, inner: string) => style.note(inner))
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, inner: string) => style.strong(inner))
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, title: string, target: string) => `${title} (${target})`);
}
