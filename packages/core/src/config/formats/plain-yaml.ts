interface Line {
  readonly indent: number;
  readonly text: string;
}

const name = '[A-Za-z_][A-Za-z0-9_-]*';
const pair = new RegExp(`^(${name}):(?: +(.*))?$`);
const word = /^[A-Za-z0-9_./](?:[A-Za-z0-9_./:@+-]*[A-Za-z0-9_./@+-])?$/;
const number = /^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/;
/** What a full parser may read as something else than text or a decimal number. */
const special = /^(?:0[xob]|\.(?:inf|nan)$)/i;
const constants: Readonly<Record<string, unknown>> = {
  null: null,
  Null: null,
  NULL: null,
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
};

/** Given up on: something that only the full parser reads. */
class NotPlain extends Error {}

/**
 * Reads the YAML that programs write: blocks of keys, lists, and single words. What this reads, the full parser reads
 * alike, only that its first document takes as long as the whole rest of a short command.
 * @returns `undefined` for everything else, also for mistakes.
 */
export function parsePlainYaml(text: string): unknown {
  const lines: Line[] = [];
  for (const raw of text.split('\n')) {
    const body = raw.trimStart();
    if (body === '' && raw === '') continue;
    if (!/^ *[^\s]/.test(raw) || /\s$|\t/.test(raw)) return undefined;
    if (body.startsWith('#')) continue;
    lines.push({ indent: raw.length - body.length, text: body });
  }
  if (lines.length === 0 || lines[0]!.indent !== 0) return undefined;
  const reader = new Reader(lines);
  try {
    const value = reader.block(0);
    return reader.done ? value : undefined;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class Reader {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  get done(): boolean {
    return this.#at === this.#lines.length;
  }

  block(indent: number): unknown {
    return this.#lines[this.#at]!.text.startsWith('- ') ? this.#list(indent) : this.#record(indent);
  }

  #record(indent: number): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const match = pair.exec(line.text);
      if (match === null) break;
      const key = match[1]!;
      if (key === '__proto__' || Object.hasOwn(record, key)) throw new NotPlain();
      this.#at += 1;
      record[key] = match[2] === undefined ? this.#below(indent) : scalar(match[2]);
    }
    this.#ends(indent);
    return record;
  }

  #list(indent: number): unknown[] {
    const list: unknown[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      if (!line.text.startsWith('- ')) break;
      const rest = line.text.slice(2).trimStart();
      if (!pair.test(rest)) {
        this.#at += 1;
        list.push(scalar(rest));
        continue;
      }
      const inner = indent + line.text.length - rest.length;
      this.#lines[this.#at] = { indent: inner, text: rest };
      list.push(this.#record(inner));
    }
    this.#ends(indent);
    return list;
  }

  /** What belongs to a key: a deeper block, a list at the same depth, or nothing. */
  #below(indent: number): unknown {
    const next = this.#lines[this.#at];
    if (next === undefined) return null;
    if (next.indent > indent) return this.block(next.indent);
    return next.indent === indent && next.text.startsWith('- ') ? this.#list(indent) : null;
  }

  /** After a block comes one that is less deep, or the line of a record after a list of its own depth. */
  #ends(indent: number): void {
    const next = this.#lines[this.#at];
    if (next === undefined || next.indent < indent) return;
    if (next.indent > indent || !pair.test(next.text)) throw new NotPlain();
  }
}

function scalar(text: string): unknown {
  if (text === '[]') return [];
  if (text === '{}') return {};
  if (Object.hasOwn(constants, text)) return constants[text];
  if (!word.test(text) || special.test(text)) throw new NotPlain();
  return number.test(text) ? Number(text) : text;
}
