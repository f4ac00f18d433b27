import { TomlLexer, type TomlScalars } from './toml-lexer.ts';

export { type TomlDateKind, type TomlScalars, TomlSyntaxError } from './toml-lexer.ts';

/** Offsets of one key with its value: the key's first character, and the value's first and one past its last. */
export interface TomlSpan {
  readonly key: number;
  readonly start: number;
  readonly end: number;
}

export interface TomlOptions extends TomlScalars {
  /** Called for every key and every array element; positions cost nothing unless somebody asks. */
  readonly record?: (container: object, key: string | number, span: TomlSpan) => void;
}

type Table = Record<string, unknown>;

/** How a table came to be; it decides what may still be added to it. */
const implicit = 1;
const explicit = 2;
const dotted = 3;
const inline = 4;
const maximumDepth = 200;

/**
 * Parses TOML 1.0. Strict where newer parsers already read TOML 1.1 (02 §2: "TOML 1.0 only"), and able to say where
 * every key stands, which no maintained parser offers at a comparable speed.
 * @throws TomlSyntaxError with the offset of the cause.
 */
export function parseToml(text: string, options: TomlOptions = {}): Table {
  return new TomlParser(text, options).parse();
}

class TomlParser {
  readonly #lexer: TomlLexer;
  readonly #record: TomlOptions['record'];
  readonly #root: Table = {};
  readonly #kinds = new Map<object, number>();
  readonly #tableArrays = new Set<unknown[]>();
  #table: Table = this.#root;
  #depth = 0;

  constructor(text: string, options: TomlOptions) {
    this.#lexer = new TomlLexer(text, options);
    this.#record = options.record;
    this.#kinds.set(this.#root, explicit);
  }

  parse(): Table {
    const lexer = this.#lexer;
    for (;;) {
      lexer.skipBlank();
      if (lexer.position >= lexer.text.length) return this.#root;
      if (lexer.text.charCodeAt(lexer.position) === 91) this.#header();
      else this.#assignment(this.#table);
      lexer.endLine();
    }
  }

  #header(): void {
    const lexer = this.#lexer;
    const start = lexer.position++;
    const list = lexer.text.charCodeAt(lexer.position) === 91;
    if (list) lexer.position++;
    const key = lexer.key();
    const close = list ? ']]' : ']';
    if (!lexer.text.startsWith(close, lexer.position)) {
      lexer.fail(`expected ${close} after the name of the table, found ${lexer.found()}`);
    }
    lexer.position += close.length;
    if (key.length > maximumDepth) lexer.fail('tables are nested too deeply', start);
    const span = { key: start, start, end: lexer.position };
    let table = this.#root;
    for (let index = 0; index < key.length - 1; index++) table = this.#enter(table, key[index]!, span);
    const name = key.at(-1)!;
    this.#table = list ? this.#appendTable(table, name, span) : this.#defineTable(table, name, span);
  }

  /** Steps through one part of a header's name; an array of tables means its last element. */
  #enter(table: Table, name: string, span: TomlSpan): Table {
    if (!Object.hasOwn(table, name)) return this.#newTable(table, name, implicit, span);
    const value = table[name];
    if (Array.isArray(value) && this.#tableArrays.has(value)) return value.at(-1) as Table;
    const kind = this.#kinds.get(value as object);
    if (kind === undefined || kind === inline)
      this.#lexer.fail(`'${name}' is a value already, not a table`, span.key);
    return value as Table;
  }

  #defineTable(table: Table, name: string, span: TomlSpan): Table {
    if (!Object.hasOwn(table, name)) return this.#newTable(table, name, explicit, span);
    const value = table[name] as Table;
    if (this.#kinds.get(value) !== implicit) this.#lexer.fail(`'${name}' is defined twice`, span.key);
    this.#kinds.set(value, explicit);
    this.#record?.(table, name, span);
    return value;
  }

  #appendTable(table: Table, name: string, span: TomlSpan): Table {
    let list: unknown[];
    if (Object.hasOwn(table, name)) {
      list = table[name] as unknown[];
      if (!Array.isArray(list) || !this.#tableArrays.has(list)) {
        this.#lexer.fail(`'${name}' is defined already, and not as a list of tables`, span.key);
      }
    } else {
      list = [];
      this.#tableArrays.add(list);
      define(table, name, list);
      this.#record?.(table, name, span);
    }
    const item: Table = {};
    this.#kinds.set(item, explicit);
    this.#record?.(list, list.length, span);
    list.push(item);
    return item;
  }

  #newTable(table: Table, name: string, kind: number, span: TomlSpan): Table {
    const child: Table = {};
    this.#kinds.set(child, kind);
    define(table, name, child);
    this.#record?.(table, name, span);
    return child;
  }

  /** `key = value` into a table, dotted keys included. */
  #assignment(into: Table): void {
    const lexer = this.#lexer;
    const keyStart = lexer.position;
    const key = lexer.key();
    if (key.length > maximumDepth) lexer.fail('tables are nested too deeply', keyStart);
    if (lexer.text.charCodeAt(lexer.position) !== 61)
      lexer.fail(`expected = after the key, found ${lexer.found()}`);
    lexer.position++;
    lexer.skipSpace();
    let table = into;
    for (let index = 0; index < key.length - 1; index++) {
      const name = key[index]!;
      if (!Object.hasOwn(table, name)) {
        table = this.#newTable(table, name, dotted, { key: keyStart, start: keyStart, end: keyStart });
        continue;
      }
      const next = table[name];
      if (this.#kinds.get(next as object) !== dotted) lexer.fail(`'${name}' is defined already`, keyStart);
      table = next as Table;
    }
    const name = key.at(-1)!;
    if (Object.hasOwn(table, name)) lexer.fail(`'${name}' is defined twice`, keyStart);
    const start = lexer.position;
    define(table, name, this.#value());
    this.#record?.(table, name, { key: keyStart, start, end: lexer.position });
  }

  #value(): unknown {
    const lexer = this.#lexer;
    const code = lexer.text.charCodeAt(lexer.position);
    if (code === 34 || code === 39) return lexer.string();
    if (code !== 91 && code !== 123) return lexer.scalar();
    if (++this.#depth > maximumDepth) lexer.fail('values are nested too deeply');
    const value = code === 91 ? this.#array() : this.#inlineTable();
    this.#depth--;
    return value;
  }

  #array(): unknown[] {
    const lexer = this.#lexer;
    const list: unknown[] = [];
    const open = lexer.position++;
    for (;;) {
      lexer.skipBlank();
      if (lexer.text.charCodeAt(lexer.position) === 93) break;
      if (lexer.position >= lexer.text.length) lexer.fail('this list is not closed', open);
      const start = lexer.position;
      const value = this.#value();
      this.#record?.(list, list.length, { key: start, start, end: lexer.position });
      list.push(value);
      lexer.skipBlank();
      const code = lexer.text.charCodeAt(lexer.position);
      if (code === 93) break;
      if (Number.isNaN(code)) lexer.fail('this list is not closed', open);
      if (code !== 44) lexer.fail(`expected , or ] in the list, found ${lexer.found()}`);
      lexer.position++;
    }
    lexer.position++;
    return list;
  }

  #inlineTable(): Table {
    const lexer = this.#lexer;
    const table: Table = {};
    lexer.position++;
    lexer.skipSpace();
    if (lexer.text.charCodeAt(lexer.position) === 125) lexer.position++;
    else {
      for (;;) {
        lexer.skipSpace();
        this.#assignment(table);
        lexer.skipSpace();
        const code = lexer.text.charCodeAt(lexer.position);
        if (code !== 44 && code !== 125) {
          lexer.fail(
            `expected , or } in the inline table (it must stay on one line), found ${lexer.found()}`,
          );
        }
        lexer.position++;
        if (code === 125) break;
      }
    }
    this.#kinds.set(table, inline);
    return table;
  }
}

/** Sets an own property even for `__proto__`, which a plain assignment would treat as the prototype. */
function define(table: Table, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(table, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    table[name] = value;
  }
}
