import type { ProvisioningError } from '@provisioning/extensions-sdk';
import { expressionError, type Token, tokenize } from './tokens.ts';

export type Value = string | number | boolean | null | readonly Value[];
export type Names = Readonly<Record<string, unknown>>;
export type Expression = (names: Names) => Value;

/**
 * Compiles an expression of forms and filters (01 §11): literals, field names, `+ - * /`, comparisons, `=~`, `&& || !`,
 * `in [..]` and parentheses. No calls, no assignment; the worst an expression can do is be false.
 * @throws ProvisioningError `INVALID_EXPRESSION`, kind `usage`, with the place.
 */
export function compileExpression(source: string, name: string): Expression {
  const reader = new Reader(tokenize(source, name), source, name);
  const expression = reader.either();
  reader.end();
  return expression;
}

/** Names of fields that an expression reads, in the order they appear. */
export function namesIn(source: string, name: string): string[] {
  return [
    ...new Set(
      tokenize(source, name)
        .filter(({ kind }) => kind === 'name')
        .map(({ text }) => text),
    ),
  ];
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  readonly #name: string;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], source: string, name: string) {
    this.#tokens = tokens;
    this.#source = source;
    this.#name = name;
  }

  either(): Expression {
    return this.#nested(() =>
      this.#chain(
        () => this.#both(),
        ['||'],
        (left, right) => (names) => isTrue(left(names)) || isTrue(right(names)),
      ),
    );
  }

  end(): void {
    const token = this.#tokens[this.#at];
    if (token) throw this.#unexpected(token);
  }

  #both(): Expression {
    return this.#chain(
      () => this.#not(),
      ['&&'],
      (left, right) => (names) => isTrue(left(names)) && isTrue(right(names)),
    );
  }

  #not(): Expression {
    if (!this.#take('!')) return this.#comparison();
    const inner = this.#nested(() => this.#not());
    return (names) => !isTrue(inner(names));
  }

  #comparison(): Expression {
    const left = this.#sum();
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'operator') return left;
    if (token.text === 'in') {
      this.#at += 1;
      const list = this.#list();
      return (names) => {
        const value = left(names);
        return list.some((entry) => equal(entry(names), value));
      };
    }
    const compare = comparisons[token.text];
    if (!compare) return left;
    this.#at += 1;
    const right = this.#sum();
    return (names) => compare(left(names), right(names));
  }

  #sum(): Expression {
    return this.#chain(
      () => this.#product(),
      ['+', '-'],
      (left, right, operator) => (names) => add(left(names), right(names), operator),
    );
  }

  #product(): Expression {
    return this.#chain(
      () => this.#single(),
      ['*', '/'],
      (left, right, operator) => (names) => {
        const [a, b] = [Number(left(names)), Number(right(names))];
        return operator === '*' ? a * b : a / b;
      },
    );
  }

  #single(): Expression {
    const token = this.#tokens[this.#at];
    if (!token) throw this.#error('ends too early', this.#source.length);
    this.#at += 1;
    if (token.kind === 'literal') return () => token.value;
    if (token.kind === 'name') return (names) => lookUp(names, token.text);
    if (token.text === '(') {
      const inner = this.either();
      this.#expect(')');
      return inner;
    }
    if (token.text === '-') {
      const inner = this.#nested(() => this.#single());
      return (names) => -Number(inner(names));
    }
    if (token.text === '[') {
      this.#at -= 1;
      const list = this.#list();
      return (names) => list.map((entry) => entry(names));
    }
    throw this.#unexpected(token);
  }

  #list(): Expression[] {
    this.#expect('[');
    const entries: Expression[] = [];
    if (this.#take(']')) return entries;
    do entries.push(this.either());
    while (this.#take(','));
    this.#expect(']');
    return entries;
  }

  #chain(
    next: () => Expression,
    operators: readonly string[],
    join: (left: Expression, right: Expression, operator: string) => Expression,
  ): Expression {
    let left = next();
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'operator' || !operators.includes(token.text)) return left;
      this.#at += 1;
      left = join(left, next(), token.text);
    }
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > 64) throw this.#error('is nested too deep', this.#tokens[this.#at]?.position ?? 0);
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #take(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'operator' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    const token = this.#tokens[this.#at];
    if (this.#take(text)) return;
    throw token
      ? this.#unexpected(token, text)
      : this.#error(`ends where '${text}' was expected`, this.#source.length);
  }

  #unexpected(token: Token, expected?: string): ProvisioningError {
    const wanted = expected === undefined ? '' : `, expected '${expected}'`;
    return this.#error(`has an unexpected '${token.text}'${wanted}`, token.position);
  }

  #error(message: string, position: number): ProvisioningError {
    return expressionError(this.#name, this.#source, message, position);
  }
}

/** A name with dots is a field of that name, as forms have them, or a value inside a record. */
function lookUp(names: Names, path: string): Value {
  if (Object.hasOwn(names, path)) return (names[path] ?? null) as Value;
  let value: unknown = names;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return null;
    value = (value as Record<string, unknown>)[part];
  }
  return value === undefined ? null : (value as Value);
}

const comparisons: Readonly<Record<string, (left: Value, right: Value) => boolean>> = {
  '==': equal,
  '!=': (left, right) => !equal(left, right),
  '<': (left, right) => order(left, right) < 0,
  '<=': (left, right) => order(left, right) <= 0,
  '>': (left, right) => order(left, right) > 0,
  '>=': (left, right) => order(left, right) >= 0,
  '=~': (left, right) => matches(String(left ?? ''), String(right ?? '')),
};

function equal(left: Value, right: Value): boolean {
  if (typeof left === typeof right) return JSON.stringify(left) === JSON.stringify(right);
  return left !== null && right !== null && String(left) === String(right);
}

/** NaN where two values have no order, so that every comparison with it is false. */
function order(left: Value, right: Value): number {
  if (left === null || right === null) return Number.NaN;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return Number(left) - Number(right);
}

function matches(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}

function add(left: Value, right: Value, operator: string): Value {
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string'))
    return `${String(left ?? '')}${String(right ?? '')}`;
  return operator === '+' ? Number(left) + Number(right) : Number(left) - Number(right);
}

function isTrue(value: Value): boolean {
  return value !== null && value !== false && value !== '' && value !== 0;
}
