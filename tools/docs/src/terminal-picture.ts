/**
 * `node tools/docs/src/terminal-picture.ts <capture> <picture.svg>`: a picture of a terminal, from what
 * `tmux capture-pane -p -e` printed.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const colours: Readonly<Record<number, string>> = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  36: '#79c0ff',
};
const cell = { width: 8.4, height: 19 };
const edge = 18;

const escape = String.fromCharCode(27);
const look = new RegExp(`(${escape}\\[[\\d;]*m)`);

interface Span {
  readonly text: string;
  readonly colour: string;
  readonly bold: boolean;
}

/** Text with SGR sequences as spans of one look. */
export function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let colour = '#e6edf3';
  let bold = false;
  let dim = false;
  for (const part of line.split(look)) {
    const sequence = part.startsWith(escape) ? /\[([\d;]*)m$/.exec(part) : null;
    if (!sequence) {
      if (part !== '') spans.push({ text: part, colour: dim ? '#8b949e' : colour, bold });
      continue;
    }
    for (const code of (sequence[1] === '' ? '0' : sequence[1]!).split(';').map(Number)) {
      if (code === 0) [colour, bold, dim] = ['#e6edf3', false, false];
      else if (code === 1) bold = true;
      else if (code === 2) dim = true;
      else if (code === 22) [bold, dim] = [false, false];
      else if (code === 39) colour = '#e6edf3';
      else colour = colours[code] ?? colour;
    }
  }
  return spans;
}

/** The whole picture. */
export function terminalPicture(capture: string): string {
  const lines = capture.trimEnd().split('\n');
  const longest = Math.max(
    ...lines.map((line) => spansOf(line).reduce((sum, span) => sum + span.text.length, 0)),
  );
  const width = Math.ceil(longest * cell.width + 2 * edge);
  const height = Math.ceil(lines.length * cell.height + 2 * edge + 14);
  const rows = lines.map((line, index) => {
    let column = 0;
    const texts = spansOf(line).map(({ text, colour, bold }) => {
      const x = (edge + column * cell.width).toFixed(1);
      column += text.length;
      const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      return `<tspan x="${x}" fill="${colour}"${bold ? ' font-weight="bold"' : ''}>${escaped}</tspan>`;
    });
    return `<text y="${edge + 28 + index * cell.height}" xml:space="preserve">${texts.join('')}</text>`;
  });
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${edge + index * 18}" cy="16" r="5.5" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...dots,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

const [source, target] = process.argv.slice(2);
if (import.meta.main && source !== undefined && target !== undefined) {
  writeFileSync(target, terminalPicture(readFileSync(source, 'utf8')));
}
