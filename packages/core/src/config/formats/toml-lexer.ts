/**
 * Tokens of TOML 1.0: strings, numbers, dates and keys. The grammar of tables is in `toml.ts`.
 */

/** A syntax error at an offset of the text; the reader turns it into file, line and column. */
export class TomlSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'TomlSyntaxError';
    this.offset = offset;
  }
}

export type TomlDateKind = 'datetime' | 'datetime-local' | 'date-local' | 'time-local';

/** How scalars become values. The defaults suit definitions: numbers, and dates as the text that was written. */
export interface TomlScalars {
  readonly integer?: (text: string) => unknown;
  readonly float?: (text: string) => unknown;
  readonly date?: (text: string, kind: TomlDateKind) => unknown;
}

/* eslint-disable no-control-regex -- TOML names the control characters that no string may hold */
const bareKey = /[A-Za-z0-9_-]+/y;
const basicRun = /[^"\\\u0000-\u0008\u000a-\u001f\u007f]*/y;
const literalRun = /[^'\u0000-\u0008\u000a-\u001f\u007f]*/y;
const multiBasicRun = /[^"\\\u0000-\u0008\u000b-\u001f\u007f]*/y;
const multiLiteralRun = /[^'\u0000-\u0008\u000b-\u001f\u007f]*/y;
const commentRun = /[^\u0000-\u0008\u000a-\u001f\u007f]*/y;
const lineContinuation = /\\[ \t]*\r?\n[ \t\r\n]*/y;
const scalarRun = /[A-Za-z0-9_+:.-]+/y;
const spaceTime = /[ ]\d\d:[A-Za-z0-9:.+-]*/y;

const decimalInteger = /^[+-]?(0|[1-9](_?\d)*)$/;
const radixInteger = /^0(x[0-9A-Fa-f](_?[0-9A-Fa-f])*|o[0-7](_?[0-7])*|b[01](_?[01])*)$/;
const floatNumber = /^[+-]?(0|[1-9](_?\d)*)((\.\d(_?\d)*)([eE][+-]?\d(_?\d)*)?|[eE][+-]?\d(_?\d)*)$/;
const dateTime = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-](\d\d):(\d\d))?)?$/;
const timeOnly = /^(\d\d):(\d\d):(\d\d)(\.\d+)?$/;

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
};

/** Cursor over a text. Line ends and comments are the grammar's business, through `skipBlank`. */
export class TomlLexer {
  readonly text: string;
  readonly #scalars: TomlScalars;
  position = 0;

  constructor(text: string, scalars: TomlScalars) {
    this.text = text;
    this.#scalars = scalars;
  }

  fail(message: string, offset = this.position): never {
    throw new TomlSyntaxError(message, offset);
  }

  /** Spaces and tabs. */
  skipSpace(): void {
    let code = this.text.charCodeAt(this.position);
    while (code === 32 || code === 9) code = this.text.charCodeAt(++this.position);
  }

  /** Spaces, line ends and comments. */
  skipBlank(): void {
    for (;;) {
      this.skipSpace();
      const code = this.text.charCodeAt(this.position);
      if (code === 10) this.position++;
      else if (code === 13 && this.text.charCodeAt(this.position + 1) === 10) this.position += 2;
      else if (code === 35) this.#match(commentRun);
      else return;
    }
  }

  /** What must follow a header or a key with its value: the end of the line. */
  endLine(): void {
    this.skipSpace();
    if (this.text.charCodeAt(this.position) === 35) this.#match(commentRun);
    const code = this.text.charCodeAt(this.position);
    if (Number.isNaN(code)) return;
    if (code === 10) this.position++;
    else if (code === 13 && this.text.charCodeAt(this.position + 1) === 10) this.position += 2;
    else this.fail(`expected the end of the line, found ${this.#found()}`);
  }

  /** A key, dotted or not, as its parts. */
  key(): string[] {
    const parts: string[] = [];
    for (;;) {
      this.skipSpace();
      parts.push(this.#keyPart());
      this.skipSpace();
      if (this.text.charCodeAt(this.position) !== 46) return parts;
      this.position++;
    }
  }

  #keyPart(): string {
    const code = this.text.charCodeAt(this.position);
    if (code === 34) return this.#basic();
    if (code === 39) return this.#literal();
    const part = this.#match(bareKey);
    return part === '' ? this.fail(`expected a key, found ${this.#found()}`) : part;
  }

  string(): string {
    const start = this.position;
    const quote = this.text.charCodeAt(start);
    const triple = this.text.charCodeAt(start + 1) === quote && this.text.charCodeAt(start + 2) === quote;
    if (!triple) return quote === 34 ? this.#basic() : this.#literal();
    this.position += 3;
    if (this.text.startsWith('\r\n', this.position)) this.position += 2;
    else if (this.text.charCodeAt(this.position) === 10) this.position++;
    return this.#multiline(quote, start);
  }

  /** Number, boolean or date. */
  scalar(): unknown {
    const start = this.position;
    let token = this.#match(scalarRun);
    if (token === 'true') return true;
    if (token === 'false') return false;
    if (token.length === 10 && /^\d{4}-\d\d-\d\d$/.test(token)) token += this.#match(spaceTime);
    if (decimalInteger.test(token) || radixInteger.test(token)) return this.#integer(token, start);
    if (floatNumber.test(token)) return this.#float(token);
    if (/^[+-]?(inf|nan)$/.test(token)) return this.#float(token);
    return this.#date(token, start);
  }

  #basic(): string {
    const start = this.position++;
    let value = '';
    for (;;) {
      value += this.#match(basicRun);
      const code = this.text.charCodeAt(this.position);
      if (code === 34) {
        this.position++;
        return value;
      }
      if (code !== 92) this.#brokenString(start);
      value += this.#escape();
    }
  }

  #literal(): string {
    const start = this.position++;
    const value = this.#match(literalRun);
    if (this.text.charCodeAt(this.position) !== 39) this.#brokenString(start);
    this.position++;
    return value;
  }

  #multiline(quote: number, start: number): string {
    const run = quote === 34 ? multiBasicRun : multiLiteralRun;
    let value = '';
    for (;;) {
      value += this.#match(run);
      const code = this.text.charCodeAt(this.position);
      if (code === 13 && this.text.charCodeAt(this.position + 1) === 10) {
        value += '\n';
        this.position += 2;
      } else if (code === quote) {
        let quotes = 1;
        while (quotes < 5 && this.text.charCodeAt(this.position + quotes) === quote) quotes++;
        this.position += quotes;
        if (quotes >= 3) return value + String.fromCharCode(quote).repeat(quotes - 3);
        value += String.fromCharCode(quote).repeat(quotes);
      } else if (code === 92 && quote === 34) {
        if (this.#match(lineContinuation) === '') value += this.#escape();
        else this.#carriageReturns();
      } else {
        this.#brokenString(start);
      }
    }
  }

  /** A continuation may have skipped a lone carriage return, which is no line end. */
  #carriageReturns(): void {
    let offset = this.position - 1;
    while (/[ \t\r\n]/.test(this.text.charAt(offset))) {
      if (this.text.charAt(offset) === '\r' && this.text.charAt(offset + 1) !== '\n') {
        this.fail('control character U+000D in a string', offset);
      }
      offset--;
    }
  }

  #escape(): string {
    const start = this.position;
    const letter = this.text.charAt(start + 1);
    const simple = escapes[letter];
    if (simple !== undefined) {
      this.position += 2;
      return simple;
    }
    const digits = letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
    const hex = this.text.slice(start + 2, start + 2 + digits);
    if (digits === 0 || hex.length !== digits || !/^[0-9A-Fa-f]+$/.test(hex)) {
      return this.fail(`unknown escape \\${letter} in a string`, start);
    }
    const point = Number.parseInt(hex, 16);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      return this.fail(`\\${letter}${hex} is not a Unicode scalar value`, start);
    }
    this.position += 2 + digits;
    return String.fromCodePoint(point);
  }

  #brokenString(start: number): never {
    const code = this.text.charCodeAt(this.position);
    if (Number.isNaN(code)) this.fail('this string is not closed', start);
    if (code === 10 || code === 13) this.fail('this string is not closed on its line', start);
    this.fail(`control character U+${code.toString(16).toUpperCase().padStart(4, '0')} in a string`);
  }

  #integer(token: string, start: number): unknown {
    const text = token.replaceAll('_', '');
    const big = BigInt(text.replace(/^[+-]/, '')) * (text.startsWith('-') ? -1n : 1n);
    if (big > 9223372036854775807n || big < -9223372036854775808n) {
      return this.fail(`the integer ${token} does not fit in 64 bits`, start);
    }
    if (this.#scalars.integer !== undefined) return this.#scalars.integer(big.toString());
    const value = Number(big);
    if (!Number.isSafeInteger(value)) {
      return this.fail(`the integer ${token} is too large to be kept exactly; write it as a string`, start);
    }
    return value;
  }

  #float(token: string): unknown {
    const text = token.replaceAll('_', '');
    if (this.#scalars.float !== undefined) return this.#scalars.float(text);
    if (text.endsWith('nan')) return Number.NaN;
    if (text.endsWith('inf')) return text.startsWith('-') ? -Infinity : Infinity;
    return Number(text);
  }

  #date(token: string, start: number): unknown {
    const time = timeOnly.exec(token);
    const date = time === null ? dateTime.exec(token) : null;
    if (time === null && date === null) {
      return this.fail(
        token === ''
          ? `expected a value, found ${this.#found()}`
          : `'${token}' is no value; quote it to make it a string`,
        start,
      );
    }
    const valid = time !== null ? clockTime(time[1], time[2], time[3]) : validDate(date as RegExpExecArray);
    if (!valid) return this.fail(`'${token}' is not a date or time that exists`, start);
    const text = date === null ? token : token.replace(' ', 'T').toUpperCase();
    const kind: TomlDateKind =
      date === null
        ? 'time-local'
        : date[4] === undefined
          ? 'date-local'
          : date[8] === undefined
            ? 'datetime-local'
            : 'datetime';
    return this.#scalars.date === undefined ? text : this.#scalars.date(text, kind);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return '';
    this.position = pattern.lastIndex;
    return match[0];
  }

  #found(): string {
    const code = this.text.codePointAt(this.position);
    if (code === undefined) return 'the end of the file';
    if (code === 10 || code === 13) return 'the end of the line';
    return code < 32 || code === 127
      ? `control character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
      : `'${String.fromCodePoint(code)}'`;
  }

  /** What stands at the cursor, for messages. */
  found(): string {
    return this.#found();
  }
}

function clockTime(hour = '', minute = '', second = ''): boolean {
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60;
}

function validDate(match: RegExpExecArray): boolean {
  const [, year, month, day, hour, minute, second, , , offsetHour, offsetMinute] = match;
  const monthNumber = Number(month);
  if (monthNumber < 1 || monthNumber > 12) return false;
  const leap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][monthNumber - 1] as number;
  if (Number(day) < 1 || Number(day) > days) return false;
  if (hour === undefined) return true;
  return clockTime(hour, minute, second) && Number(offsetHour ?? 0) < 24 && Number(offsetMinute ?? 0) < 60;
}
