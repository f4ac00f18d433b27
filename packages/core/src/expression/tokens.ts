import { ProvisioningError } from '@provisioning/extensions-sdk';

export type Token =
  | {
      readonly kind: 'literal';
      readonly text: string;
      readonly value: string | number | boolean | null;
      readonly position: number;
    }
  | { readonly kind: 'name' | 'operator'; readonly text: string; readonly position: number };

const pattern =
  /\s*(?:(?<number>\d+(?:\.\d+)?)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<word>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)|(?<operator>&&|\|\||==|!=|<=|>=|=~|[-+*/<>!()[\],]))/y;
const constants: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/** Splits an expression into tokens. @throws ProvisioningError `INVALID_EXPRESSION`. */
export function tokenize(source: string, name: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  let position = 0;
  while (source.slice(position).trim() !== '') {
    pattern.lastIndex = position;
    const match = pattern.exec(source);
    if (!match) {
      const at = position + (source.slice(position).length - source.slice(position).trimStart().length);
      throw expressionError(name, source, `has an unexpected '${source[at]}'`, at);
    }
    const { number, text, word, operator } = match.groups!;
    const token = match[0].trimStart();
    const at = pattern.lastIndex - token.length;
    if (number !== undefined)
      tokens.push({ kind: 'literal', text: number, value: Number(number), position: at });
    else if (text !== undefined) tokens.push({ kind: 'literal', text, value: unquote(text), position: at });
    else if (word === 'in') tokens.push({ kind: 'operator', text: word, position: at });
    else if (word !== undefined && Object.hasOwn(constants, word)) {
      tokens.push({ kind: 'literal', text: word, value: constants[word]!, position: at });
    } else
      tokens.push({
        kind: word === undefined ? 'operator' : 'name',
        text: (word ?? operator)!,
        position: at,
      });
    position = pattern.lastIndex;
  }
  if (tokens.length === 0) throw expressionError(name, source, 'is empty', 0);
  return tokens;
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** `Invalid expression in filter: … at column 5`. */
export function expressionError(
  name: string,
  source: string,
  message: string,
  position: number,
): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_EXPRESSION',
    kind: 'usage',
    message: `Invalid expression in ${name}: '${source}' ${message} at column ${position + 1}`,
    hint: 'Use names, numbers, "texts", true, false, + - * /, == != < <= > >=, =~, && || !, in [..] and parentheses',
  });
}
