import { Readable } from 'node:stream';

/** The part of a package that a caller asked for, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a `Range` header (RFC 9110 §14) of one part.
 * @returns `undefined` for what is answered with the whole: no header, several parts, other units; `unsatisfiable` for a
 * part that is not there.
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(' ', '') ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (from === '' && to === '') return undefined;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return undefined;
  return first >= size ? 'unsatisfiable' : { first, last };
}

/**
 * The part of a stream. What comes before it is read and dropped, so that a part that reaches to the end is verified like
 * the whole, and backends need know nothing of parts.
 */
export function partOf(stream: Readable, { first, last }: ByteRange): Readable {
  return Readable.from(slice(stream, first, last), { objectMode: false });
}

async function* slice(stream: Readable, first: number, last: number): AsyncGenerator<Buffer> {
  let position = 0;
  let end: Buffer | undefined;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const part = chunk.subarray(Math.max(first - position, 0), Math.max(last + 1 - position, 0));
      position += chunk.length;
      if (end !== undefined) yield end;
      // The last bytes wait for the verdict of the stream, when they are its last ones too.
      end = part.length === 0 ? undefined : part;
      if (position > last + 1) break;
    }
    if (end !== undefined) yield end;
  } finally {
    stream.destroy();
  }
}
