/** Reads TOML on stdin and writes the tagged JSON that toml-test compares; exit 1 for a document that is refused. */
import { parseToml } from '../../../../../packages/core/src/config/formats/toml.ts';

class Tagged {
  readonly type: string;
  readonly value: string;

  constructor(type: string, value: string) {
    this.type = type;
    this.value = value;
  }
}

function tag(value: unknown): unknown {
  if (value instanceof Tagged) return { type: value.type, value: value.value };
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'boolean') return { type: 'bool', value: String(value) };
  if (Array.isArray(value)) return value.map(tag);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value as object)) {
    Object.defineProperty(result, key, { value: tag(item), enumerable: true });
  }
  return result;
}

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
try {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  const value = parseToml(text, {
    integer: (written) => new Tagged('integer', written),
    float: (written) => new Tagged('float', written),
    date: (written, kind) => new Tagged(kind, written),
  });
  process.stdout.write(JSON.stringify(tag(value)));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
