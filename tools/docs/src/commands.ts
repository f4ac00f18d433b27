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
