/** The expression language of `{{…}}` (02 §7): its tokens and its tree. */

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'reference'; readonly path: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    };

export type Operator = '||' | '&&' | '==' | '!=' | '>=' | '<=' | '>' | '<' | '+' | '-' | '*' | '/';

/** A text made of literal parts and expressions. */
export interface Template {
  readonly parts: readonly (string | { readonly source: string; readonly expression: Expression })[];
}

export class ExpressionError extends Error {
  /** Offset in the text of the value. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'ExpressionError';
    this.offset = offset;
  }
}

const comparisons: readonly Operator[] = ['==', '!=', '>=', '<=', '>', '<'];
const maximumDepth = 64;
const space = /\s*/y;
const number = /-?\d+(?:\.\d+)?(?![A-Za-z0-9_.-])/y;
const word = /[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*/y;
const bareword = /[^\s,()|&'"{}]+/y;

/**
 * Splits a value into text and expressions. `\{{` is a literal `{{`.
 * @throws ExpressionError with the offset of the cause
 */
export function parseTemplate(text: string): Template {
  const parts: Template['parts'][number][] = [];
  let literal = '';
  let position = 0;
  for (;;) {
    const open = text.indexOf('{{', position);
    if (open < 0) break;
    if (text[open - 1] === '\\' && open > position - 1) {
      literal += `${text.slice(position, open - 1)}{{`;
      position = open + 2;
      continue;
    }
    literal += text.slice(position, open);
    const parser = new Parser(text, open + 2);
    const expression = parser.parse();
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push({ source: text.slice(open, parser.position), expression });
    position = parser.position;
  }
  literal += text.slice(position);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return { parts };
}

/**
 * One expression without its braces, with `+ - * /` beside the operators of `{{…}}`; rule files use it (02 §11.4).
 * @throws ExpressionError
 */
export function parseRuleExpression(text: string): Expression {
  const parser = new Parser(`${text}}}`, 0, true);
  const expression = parser.parse();
  if (parser.position <= text.length)
    throw new ExpressionError(`Expression not understood: ${text}`, parser.position);
  return expression;
}

class Parser {
  readonly #text: string;
  readonly #arithmetic: boolean;
  position: number;
  #depth = 0;

  constructor(text: string, position: number, arithmetic = false) {
    this.#text = text;
    this.position = position;
    this.#arithmetic = arithmetic;
  }

  /** One expression up to and including its `}}`. */
  parse(): Expression {
    const expression = this.#or(false);
    this.#skip();
    if (!this.#text.startsWith('}}', this.position)) this.#fail();
    this.position += 2;
    return expression;
  }

  #or(argument: boolean): Expression {
    if (++this.#depth > maximumDepth)
      throw new ExpressionError('Expression is nested too deeply', this.position);
    let left = this.#and(argument);
    while (this.#take('||')) left = { kind: 'binary', operator: '||', left, right: this.#and(true) };
    this.#depth--;
    return left;
  }

  #and(argument: boolean): Expression {
    let left = this.#comparison(argument);
    while (this.#take('&&'))
      left = { kind: 'binary', operator: '&&', left, right: this.#comparison(argument) };
    return left;
  }

  #comparison(argument: boolean): Expression {
    const left = this.#sum(argument);
    const operator = comparisons.find((candidate) => this.#take(candidate));
    if (operator === undefined) return left;
    return { kind: 'binary', operator, left, right: this.#sum(argument) };
  }

  #sum(argument: boolean): Expression {
    return this.#chain(['+', '-'], () => this.#chain(['*', '/'], () => this.#unary(argument)));
  }

  #chain(operators: readonly Operator[], operand: () => Expression): Expression {
    let left = operand();
    while (this.#arithmetic) {
      const operator = operators.find((candidate) => this.#take(candidate));
      if (operator === undefined) break;
      left = { kind: 'binary', operator, left, right: operand() };
    }
    return left;
  }

  #unary(argument: boolean): Expression {
    this.#skip();
    if (this.#text[this.position] === '!' && this.#text[this.position + 1] !== '=') {
      this.position++;
      return { kind: 'not', operand: this.#primary(argument) };
    }
    return this.#primary(argument);
  }

  #primary(argument: boolean): Expression {
    this.#skip();
    const character = this.#text[this.position];
    if (character === "'" || character === '"') return this.#string(character);
    if (character === '(') {
      this.position++;
      const inner = this.#or(argument);
      if (!this.#take(')')) this.#fail();
      return inner;
    }
    if (!this.#arithmetic && (character === '/' || character === '.' || character === '~')) {
      return { kind: 'literal', value: this.#match(bareword) };
    }
    const numeric = this.#match(number);
    if (numeric !== '') return { kind: 'literal', value: Number(numeric) };
    return this.#word(argument);
  }

  #word(argument: boolean): Expression {
    const start = this.position;
    const text = this.#match(word);
    if (text === '') this.#fail();
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (this.#text[this.position] === '(') return this.#call(text);
    if (!this.#arithmetic && (this.#text[this.position] === '/' || this.#text[this.position] === ':')) {
      this.position = start;
      return { kind: 'literal', value: this.#match(bareword) };
    }
    const path = text.split('.');
    // Whether a single word in this place is a key or a literal is known only when it is evaluated.
    if (argument && path.length === 1) {
      return {
        kind: 'call',
        name: '',
        parameters: [
          { kind: 'reference', path },
          { kind: 'literal', value: text },
        ],
      };
    }
    return { kind: 'reference', path };
  }

  #call(name: string): Expression {
    this.position++;
    const parameters: Expression[] = [];
    if (this.#take(')')) return { kind: 'call', name, parameters };
    do parameters.push(this.#or(true));
    while (this.#take(','));
    if (!this.#take(')')) this.#fail();
    return { kind: 'call', name, parameters };
  }

  #string(quote: string): Expression {
    const end = this.#text.indexOf(quote, this.position + 1);
    if (end < 0) throw new ExpressionError('Text in an expression is not closed', this.position);
    const value = this.#text.slice(this.position + 1, end);
    this.position = end + 1;
    return { kind: 'literal', value };
  }

  #take(token: string): boolean {
    this.#skip();
    if (!this.#text.startsWith(token, this.position)) return false;
    this.position += token.length;
    return true;
  }

  #skip(): void {
    this.#match(space);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.#text);
    if (match === null) return '';
    this.position = pattern.lastIndex;
    return match[0];
  }

  #fail(): never {
    const found = this.#text.slice(this.position, this.position + 12).split('\n')[0] ?? '';
    throw new ExpressionError(
      found === '' ? 'Expression is not closed: expected }}' : `Expression not understood at '${found}'`,
      this.position,
    );
  }
}
