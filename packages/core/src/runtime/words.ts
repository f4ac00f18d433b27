import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * The words of a line as a POSIX shell splits them: quotes and backslashes count, nothing is expanded.
 * @throws ProvisioningError `UNBALANCED_QUOTES` (exit 2)
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index]!;
    if (quote === "'") {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === '\\' && index + 1 < line.length) {
      const next = line[(index += 1)]!;
      // Between double quotes a backslash is one of its own unless it guards something (POSIX 2.2.3).
      word = (word ?? '') + (quote === '"' && !'"\\$`\n'.includes(next) ? `\\${next}` : next);
    } else if (char === quote) {
      quote = undefined;
    } else if (quote === undefined && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) {
    throw new ProvisioningError({
      code: 'UNBALANCED_QUOTES',
      kind: 'usage',
      message: `A quote (${quote}) is not closed in: ${line}`,
    });
  }
  if (word !== undefined) words.push(word);
  return words;
}
