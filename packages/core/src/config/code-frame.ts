/**
 * The lines around a position with a mark under the column, as errors show them.
 * Lines longer than 160 characters are cut around the column so that a minified file does not flood the terminal.
 */
export function codeFrame(text: string, line: number, column: number, context = 2): string {
  const lines = text.split(/\r\n|\n|\r/);
  const first = Math.max(1, line - context);
  const last = Math.min(lines.length, line + context);
  const width = String(last).length;
  const shift = column > 120 ? column - 80 : 0;
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    const source = withoutSecret(lines[number - 1] ?? '')
      .slice(shift, shift + 160)
      .replaceAll('\t', ' ');
    const mark = number === line ? '>' : ' ';
    frame.push(`${mark} ${String(number).padStart(width)} | ${source}`.trimEnd());
    if (number === line)
      frame.push(`  ${' '.repeat(width)} | ${' '.repeat(Math.max(0, column - 1 - shift))}^`);
  }
  return frame.join('\n');
}

/** `key = value` or `key: value` of something secret, unless the value is a reference to where it is kept. */
const secretLine =
  /^(\s*(?:export\s+)?["']?[\w.-]*(?:passw|secret|token|credential|private_?key|api_?key)[\w.-]*["']?\s*[:=]\s*)(?!\s*(?:["']?(?:\{\{|secret:\/\/|\$\{)|[[{]))\S.*$/i;

/** Source lines are shown in errors, which may be sent and kept. */
function withoutSecret(line: string): string {
  return line.replace(secretLine, '$1***');
}

/** Line and column, counted from 1, of an offset. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = (before.match(/\n/g)?.length ?? 0) + 1;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}
