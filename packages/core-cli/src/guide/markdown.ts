import type { Style } from '../output/style.ts';

/** Markdown as styled lines for a terminal: headings, lists, code, emphasis. Enough for our own guides. */
export function renderMarkdown(text: string, style: Style): string {
  let code = false;
  const lines = text.split('\n').map((line) => {
    if (line.startsWith('```')) {
      code = !code;
      return undefined;
    }
    if (code) return `    ${style.note(line)}`;
    const heading = /^(#{1,4})\s+(.*)$/.exec(line);
    if (heading) return style.strong(heading[1]!.length === 1 ? heading[2]!.toUpperCase() : heading[2]!);
    return inline(line.replace(/^(\s*)[-*]\s+/, `$1${style.colour ? '•' : '-'} `), style);
  });
  return lines.filter((line) => line !== undefined).join('\n');
}

function inline(line: string, style: Style): string {
  return line
    .replaceAll(/`([^`]+)`/g, (_, inner: string) => style.note(inner))
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, inner: string) => style.strong(inner))
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, title: string, target: string) => `${title} (${target})`);
}
