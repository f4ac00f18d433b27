import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A command line in the documentation, with its place. */
export interface DocumentedLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** `bash` blocks are safe to run anywhere and are run by a test; `sh` blocks are only read. */
  readonly runs: boolean;
}

/** Markdown files below a folder, generated ones included. */
export function markdownFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Every line of a shell block that starts with `provisioning`, continuation lines joined. */
export function documentedLines(root: string, file: string): DocumentedLine[] {
  const result: DocumentedLine[] = [];
  let language: string | undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (fence) {
      language = language === undefined ? fence[1]! : undefined;
    } else if (
      (language === 'bash' || language === 'sh') &&
      /^(?:\S+="?\$\()?provisioning\b/.test(line.trim())
    ) {
      result.push({
        file: relative(root, file),
        line: index + 1,
        text: line.trim(),
        runs: language === 'bash',
      });
    }
  }
  return result;
}

/** Guides whose front matter says `test: true` run as a whole, on real servers (24 §8). */
export function isTestedGuide(file: string): boolean {
  return /^---\n(?:(?!---$).*\n)*?test: true$/m.test(readFileSync(file, 'utf8'));
}

/** A block of commands that are run, with the output the text promises after it. */
export interface RunnableBlock {
  /** Line of the block's first command, from 1. */
  readonly line: number;
  readonly commands: string;
  readonly output?: string;
}

/** The `bash` blocks of a page, each with the `output` block that follows it before the next one. */
export function runnableBlocks(markdown: string): RunnableBlock[] {
  const blocks: { line: number; commands: string; output?: string }[] = [];
  for (const match of markdown.matchAll(/^```(bash|output)\n([\s\S]*?)\n```$/gm)) {
    const last = blocks.at(-1);
    if (match[1] === 'bash') {
      const line = markdown.slice(0, match.index).split('\n').length + 1;
      blocks.push({ line, commands: match[2]! });
    } else if (last !== undefined && last.output === undefined) last.output = match[2]!;
  }
  return blocks;
}

/** Words of the `provisioning` command in a shell line: quotes resolved, comments, pipes and redirections left out. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let current = '';
  let open = false;
  let quote = '';
  for (const character of text) {
    if (quote !== '') {
      if (character === quote) quote = '';
      else current += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      open = true;
    } else if (/\s/.test(character)) {
      if (current !== '' || open) words.push(current);
      current = '';
      open = false;
    } else if (
      character === '|' ||
      character === '#' ||
      character === ';' ||
      (character === '>' && !current.includes('<'))
    ) {
      break;
    } else current += character;
  }
  if (current !== '' || open) words.push(current);
  return words.slice(1);
}
