import { blockSize, checksum, damaged, readNumber, readText, type TarEntry } from './tar-format.ts';

/** Extended headers are held in memory, so their size is bounded. */
const maxExtendedHeader = 1024 * 1024;

/** Takes exact amounts out of a stream of chunks. */
class ByteReader {
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** Up to `wanted` bytes of what is there; `undefined` at the end. */
  async some(wanted: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#iterator.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const bytes = this.#rest.subarray(0, wanted);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  /** Exactly `length` bytes, or `undefined` when the stream had already ended. */
  async exact(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const bytes = await this.some(missing);
      if (bytes === undefined) {
        if (missing === length) return undefined;
        throw damaged('it ends in the middle of an entry');
      }
      parts.push(bytes);
      missing -= bytes.length;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0;) {
      const bytes = await this.some(missing);
      if (bytes === undefined) throw damaged('it ends in the middle of an entry');
      missing -= bytes.length;
    }
  }

  /** Reads to the end, so that whoever verifies the stream sees all of it. */
  async drain(): Promise<void> {
    while ((await this.some(Number.MAX_SAFE_INTEGER)) !== undefined);
  }
}

export interface TarItem extends TarEntry {
  /** The entry's bytes; what is not read is skipped. */
  readonly body: AsyncIterable<Buffer>;
}

const types: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '5': 'directory',
};

/**
 * Reads a tar archive (ustar, pax, GNU long names) entry by entry without holding it in memory. It judges nothing:
 * names come as the archive has them.
 * @throws ProvisioningError `ARCHIVE_DAMAGED`.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarItem> {
  const reader = new ByteReader(chunks);
  let extended: Readonly<Record<string, string>> = {};
  for (;;) {
    const header = await reader.exact(blockSize);
    if (header === undefined) throw damaged('it has no end mark');
    if (header.every((byte) => byte === 0)) break;
    if (readNumber(header, 148, 8) !== checksum(header)) throw damaged('a header has a wrong checksum');
    const kind = String.fromCharCode(header[156]!);
    const headerSize = readNumber(header, 124, 12);
    if (kind === 'x' || kind === 'g' || kind === 'L' || kind === 'K') {
      const text = await extendedHeader(reader, headerSize);
      // A global header may set anything for everything that follows; only times and owners are seen in practice.
      if (kind === 'x') extended = { ...extended, ...parsePax(text) };
      else if (kind === 'L') extended = { ...extended, path: text.toString('utf8').replace(/\0+$/, '') };
      else if (kind === 'K') extended = { ...extended, linkpath: text.toString('utf8').replace(/\0+$/, '') };
      continue;
    }
    const type = types[kind] ?? 'other';
    const size = extended['size'] === undefined ? headerSize : Number(extended['size']);
    if (!Number.isSafeInteger(size) || size < 0) throw damaged('an entry has an impossible size');
    const stored = type === 'file' || type === 'other' ? size : 0;
    const prefix = readText(header, 257, 5) === 'ustar' ? readText(header, 345, 155) : '';
    const name = readText(header, 0, 100);
    const target = extended['linkpath'] ?? readText(header, 157, 100);
    const body = new EntryBody(reader, stored);
    yield {
      path: extended['path'] ?? (prefix === '' ? name : `${prefix}/${name}`),
      // Old archives mark a folder by a slash at the end of a file's name.
      type: type === 'file' && (extended['path'] ?? name).endsWith('/') ? 'directory' : type,
      mode: readNumber(header, 100, 8),
      size: stored,
      ...(type === 'link' || type === 'symlink' ? { target } : {}),
      body,
    };
    await body.finish();
    extended = {};
  }
  await reader.drain();
}

class EntryBody implements AsyncIterable<Buffer> {
  readonly #reader: ByteReader;
  readonly #padding: number;
  #left: number;

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader;
    this.#left = size;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const bytes = await this.#reader.some(this.#left);
      if (bytes === undefined) throw damaged('it ends in the middle of an entry');
      this.#left -= bytes.length;
      yield bytes;
    }
  }

  async finish(): Promise<void> {
    await this.#reader.skip(this.#left + this.#padding);
    this.#left = 0;
  }
}

async function extendedHeader(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > maxExtendedHeader) throw damaged('an extended header is too large');
  const bytes = (await reader.exact(size)) ?? Buffer.alloc(0);
  await reader.skip((blockSize - (size % blockSize)) % blockSize);
  return bytes;
}

/** `<length> <key>=<value>\n` records (POSIX pax). */
function parsePax(bytes: Buffer): Record<string, string> {
  const records: Record<string, string> = Object.create(null) as Record<string, string>;
  let position = 0;
  while (position < bytes.length) {
    const space = bytes.indexOf(0x20, position);
    const length = Number(bytes.toString('latin1', position, space));
    if (space === -1 || !Number.isSafeInteger(length) || length < 5 || position + length > bytes.length) {
      throw damaged('an extended header is malformed');
    }
    const text = bytes.toString('utf8', space + 1, position + length - 1);
    const equals = text.indexOf('=');
    if (equals === -1) throw damaged('an extended header is malformed');
    records[text.slice(0, equals)] = text.slice(equals + 1);
    position += length;
  }
  return records;
}
