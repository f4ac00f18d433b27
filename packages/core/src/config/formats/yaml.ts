import { LineCounter, type Node, isCollection, isMap, isPair, isScalar, parseDocument } from 'yaml';
import { parsePlainYaml } from './plain-yaml.ts';

/** A YAML syntax error; offsets count from the start of the text. */
export class YamlSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'YamlSyntaxError';
    this.offset = offset;
  }
}

const options = {
  version: '1.2',
  merge: true,
  uniqueKeys: true,
  prettyErrors: false,
  stringKeys: true,
  logLevel: 'silent',
} as const;
/** Aliases beyond this many expansions are a bomb, not a definition. */
const maximumAliases = 1000;

/** Parses one YAML 1.2 document; `<<` merges. An empty file is an empty record. @throws YamlSyntaxError */
export function parseYaml(text: string): unknown {
  const plain = parsePlainYaml(text);
  if (plain !== undefined) return plain;
  const document = parseDocument(text, options);
  const error = document.errors[0];
  if (error !== undefined) throw new YamlSyntaxError(error.message, error.pos[0]);
  if (document.contents === null) return {};
  try {
    return document.toJS({ maxAliasCount: maximumAliases }) ?? {};
  } catch (cause) {
    throw new YamlSyntaxError(cause instanceof Error ? cause.message : String(cause), 0);
  }
}

/** Position of the key at a path, or of the nearest ancestor that exists. */
export function locateYaml(
  text: string,
  path: readonly (string | number)[],
): { line: number; column: number } | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...options, lineCounter: lines });
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const part of path) {
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0];
      node = pair.value;
    } else {
      const item: unknown = node.items[Number(part)];
      if (item === undefined) break;
      offset = (item as Node).range?.[0];
      node = item;
    }
  }
  if (offset === undefined) return undefined;
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}
