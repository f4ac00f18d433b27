import { ProvisioningError, type SourceLocation } from '@provisioning/extensions-sdk';
import { codeFrame, positionAt } from './code-frame.ts';
import { TomlSyntaxError, type TomlSpan, parseToml } from './formats/toml.ts';
import { YamlSyntaxError, locateYaml, parseYaml } from './formats/yaml.ts';

/** Languages a configuration or definition can be written in (02 §2). */
export type Format = 'toml' | 'yaml' | 'json' | 'ts' | 'ncl' | 'k';
export type KeyPath = readonly (string | number)[];
export type Data = Record<string, unknown>;

/** One file, parsed or evaluated, that can say where each of its keys stands. */
export interface Document {
  readonly file: string;
  readonly format: Format;
  readonly value: Data;
  /** Decrypted in memory; its text is never shown (02 §15). */
  readonly encrypted: boolean;
  /** Whether its strings may hold a text, as far as its source tells; looking through all of them takes longer. */
  mayHold(text: string): boolean;
  /** Position of a key, or of its nearest ancestor that the file has. */
  locate(path: KeyPath): SourceLocation;
  /** Source lines around a location of this file; absent for encrypted files. */
  frame(location: SourceLocation): string | undefined;
}

const extensions: Readonly<Record<string, Format>> = {
  toml: 'toml',
  yaml: 'yaml',
  yml: 'yaml',
  json: 'json',
  ts: 'ts',
  ncl: 'ncl',
  k: 'k',
};

/** The format of a file by its name; `x.enc.yaml` and `x.yaml.enc` count as YAML. */
export function formatOf(file: string): Format | undefined {
  const name = file.replace(/\.enc$/, '');
  return extensions[name.slice(name.lastIndexOf('.') + 1)];
}

/**
 * Parses the text of a data file.
 * @throws ProvisioningError `CONFIG_SYNTAX` with file, line and column; its first issue carries the code frame.
 */
export function parseDocument(
  text: string,
  file: string,
  options: { readonly encrypted?: boolean; readonly list?: boolean } = {},
): Document {
  const format = formatOf(file) ?? 'toml';
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const value = parse(source, file, format, options.encrypted ?? false);
  if (typeof value !== 'object' || value === null || (Array.isArray(value) && options.list !== true)) {
    throw syntaxError(
      source,
      file,
      0,
      'expected a table of keys at the top of the file',
      options.encrypted ?? false,
    );
  }
  return new TextDocument(file, format, value as Data, source, options.encrypted ?? false);
}

/** A document whose values come from a program (`.ts`, `.ncl`, `.k`); keys are located by `locate`. */
export function evaluatedDocument(
  file: string,
  format: Format,
  value: Data,
  locate: (path: KeyPath) => { line: number; column: number } | undefined = () => undefined,
  text?: string,
): Document {
  return {
    file,
    format,
    value,
    encrypted: false,
    mayHold: () => true,
    locate: (path) => ({ file, ...locate(path), ...(path.length === 0 ? {} : { key: path.join('.') }) }),
    frame: (location) =>
      text === undefined || location.line === undefined
        ? undefined
        : codeFrame(text, location.line, location.column ?? 1),
  };
}

function parse(text: string, file: string, format: Format, encrypted: boolean): unknown {
  try {
    if (format === 'yaml' || format === 'json') return parseYaml(text);
    return parseToml(text);
  } catch (error) {
    if (error instanceof TomlSyntaxError || error instanceof YamlSyntaxError) {
      throw syntaxError(text, file, error.offset, error.message, encrypted);
    }
    throw error;
  }
}

function syntaxError(
  text: string,
  file: string,
  offset: number,
  reason: string,
  encrypted: boolean,
): ProvisioningError {
  const position = positionAt(text, offset);
  const location = { file, ...position };
  const message = `${file}:${position.line}:${position.column}: ${reason}`;
  const frame = encrypted ? undefined : codeFrame(text, position.line, position.column);
  return new ProvisioningError({
    code: 'CONFIG_SYNTAX',
    kind: 'configuration',
    message,
    location,
    issues: [{ message: reason, code: 'CONFIG_SYNTAX', location, ...(frame === undefined ? {} : { frame }) }],
  });
}

class TextDocument implements Document {
  readonly file: string;
  readonly format: Format;
  readonly value: Data;
  readonly encrypted: boolean;
  readonly #text: string;
  #spans: TomlIndex | undefined;

  constructor(file: string, format: Format, value: Data, text: string, encrypted: boolean) {
    this.file = file;
    this.format = format;
    this.value = value;
    this.#text = text;
    this.encrypted = encrypted;
  }

  locate(path: KeyPath): SourceLocation {
    const position = this.format === 'toml' ? this.#locateToml(path) : locateYaml(this.#text, path);
    return { file: this.file, ...position, ...(path.length === 0 ? {} : { key: path.join('.') }) };
  }

  mayHold(text: string): boolean {
    // What is escaped is not written as it reads.
    return this.#text.includes(text) || this.#text.includes('\\');
  }

  frame(location: SourceLocation): string | undefined {
    if (this.encrypted || location.line === undefined) return undefined;
    return codeFrame(this.#text, location.line, location.column ?? 1);
  }

  #locateToml(path: KeyPath): { line: number; column: number } | undefined {
    this.#spans ??= indexToml(this.#text);
    const span = this.#spans.nearest(path);
    return span === undefined ? undefined : positionAt(this.#text, span.key);
  }
}

/** Spans of every key of a TOML text, by path. */
export interface TomlIndex {
  readonly value: Data;
  span(path: KeyPath): TomlSpan | undefined;
  nearest(path: KeyPath): TomlSpan | undefined;
}

/** Parses once more with positions recorded; only errors, provenance and edits need them. */
export function indexToml(text: string): TomlIndex {
  const spans = new Map<object, Map<string | number, TomlSpan>>();
  const value = parseToml(text, {
    record(container, key, span) {
      const known = spans.get(container);
      if (known === undefined) spans.set(container, new Map([[key, span]]));
      else known.set(key, span);
    },
  });
  const walk = (path: KeyPath): { span: TomlSpan | undefined; depth: number } => {
    let container: unknown = value;
    let span: TomlSpan | undefined;
    let depth = 0;
    for (const part of path) {
      if (typeof container !== 'object' || container === null) break;
      const key = Array.isArray(container) ? Number(part) : String(part);
      const found = spans.get(container)?.get(key);
      if (found === undefined) break;
      span = found;
      depth++;
      container = (container as Record<string | number, unknown>)[key];
    }
    return { span, depth };
  };
  return {
    value,
    span: (path) => {
      const found = walk(path);
      return found.depth === path.length ? found.span : undefined;
    },
    nearest: (path) => walk(path).span,
  };
}
