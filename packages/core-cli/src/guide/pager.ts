import { spawn } from 'node:child_process';
import type { Printer } from '../output/printer.ts';
import { width } from '../output/width.ts';
import type { Runtime } from '../runtime.ts';
import { renderMarkdown } from './markdown.ts';

export type Renderer = 'glow' | 'bat' | 'less' | 'builtin';

/**
 * Shows a guide on a terminal: `glow`, else `bat`, else our own rendering in `less`, else in our own pager. A renderer
 * that is missing or fails gives way to the next (24 §1). Everywhere else the Markdown is printed as it is.
 */
export async function showMarkdown(
  text: string,
  runtime: Runtime,
  out: Printer,
  options: { readonly plain: boolean; readonly pager: boolean; readonly renderer?: Renderer },
): Promise<void> {
  if (!out.terminal.interactive || options.plain || out.options.outfile !== undefined) {
    await out.raw(text.endsWith('\n') ? text : `${text}\n`);
    return;
  }
  const rendered = `${renderMarkdown(text, out.style, out.terminal.columns)}\n`;
  if (!options.pager || !out.terminal.redraw) {
    await out.raw(rendered);
    return;
  }
  const chosen = runtime.environment['PROVISIONING_PAGER'] ?? runtime.environment['PAGER'];
  const attempts: readonly (readonly [Renderer, string, readonly string[], string])[] = [
    ['glow', 'glow', ['-p', '-'], text],
    ['bat', 'bat', ['--language', 'md', '--style', 'plain', '--paging', 'always'], text],
    ['less', 'less', ['-R'], rendered],
  ];
  if (chosen !== undefined && chosen !== '' && options.renderer === undefined) {
    if (await pipe('sh', ['-c', chosen], rendered, out)) return;
  }
  for (const [name, program, parameters, input] of attempts) {
    if (options.renderer !== undefined && options.renderer !== name) continue;
    if (!out.style.colour && name !== 'less') continue;
    if (await pipe(program, parameters, input, out)) return;
  }
  await ownPager(rendered, runtime);
}

/** Feeds a program; false when it is not there or fails. Ctrl-C belongs to it meanwhile. */
function pipe(program: string, parameters: readonly string[], input: string, out: Printer): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { stdio: ['pipe', 'inherit', 'inherit'] });
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    const end = (good: boolean, why: string): void => {
      process.off('SIGINT', ignore);
      if (!good) out.debug(`${program}: ${why}`);
      resolve(good);
    };
    child.on('error', (error) => end(false, error.message));
    child.on('exit', (code) => end(code === 0, `exit ${code}`));
    child.stdin.on('error', ignore);
    child.stdin.end(input);
  });
}

/** Page after page; space or Enter goes on, q ends. */
async function ownPager(text: string, runtime: Runtime): Promise<void> {
  const stdin = runtime.stdin as Runtime['stdin'] & { setRawMode?: (raw: boolean) => void };
  const pages = pagesOf(text.split('\n'), runtime.stdout);
  for (const [index, page] of pages.entries()) {
    runtime.stdout.write(`${page.join('\n')}\n`);
    if (index === pages.length - 1 || stdin.setRawMode === undefined) continue;
    runtime.stdout.write('-- space: more, q: end --');
    stdin.setRawMode(true);
    const key = await new Promise<string>((resolve) => {
      stdin.resume();
      stdin.once('data', (data: Buffer) => resolve(data.toString()));
    });
    stdin.setRawMode(false);
    stdin.pause();
    runtime.stdout.write('\r\u001b[2K');
    if (key === 'q' || key === '\u0003') return;
  }
}

/** Lines that fill the window, the one for the question apart; a line that is too long takes several rows. */
function pagesOf(lines: readonly string[], { rows = 24, columns = 80 }: Runtime['stdout']): string[][] {
  const height = Math.max(2, rows - 1);
  const pages: string[][] = [[]];
  let used = 0;
  for (const line of lines) {
    const needed = Math.max(1, Math.ceil(width(line) / columns));
    if (used + needed > height && used > 0) {
      pages.push([]);
      used = 0;
    }
    pages.at(-1)!.push(line);
    used += needed;
  }
  return pages;
}
