import { blockSize, checksum } from './tar-format.ts';

export interface TarFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}
export interface TarSymlink {
  readonly path: string;
  readonly target: string;
}

/**
 * A tar archive (POSIX ustar, pax where a name is too long) that depends on names, content and the executable bit only:
 * entries sorted by name, owner 0 without names, one modification time (09 §3).
 * @param modified seconds since the epoch for every entry. Default 0.
 */
export function writeTar(entries: readonly (TarFile | TarSymlink)[], modified = 0): Buffer {
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const parts: Buffer[] = [];
  for (const entry of sorted) {
    const link = 'target' in entry;
    const size = link ? 0 : entry.content.length;
    const records = paxRecords(entry.path, link ? entry.target : undefined);
    if (records.length > 0) {
      parts.push(header('PaxHeader', 'x', records.length, 0o644, modified), padded(records));
    }
    const mode = link ? 0o777 : entry.executable ? 0o755 : 0o644;
    parts.push(header(entry.path, link ? '2' : '0', size, mode, modified, link ? entry.target : undefined));
    if (!link) parts.push(padded(entry.content));
  }
  parts.push(Buffer.alloc(2 * blockSize));
  return Buffer.concat(parts);
}

/** Header of one file for archives that are written as a stream; the name must fit ustar. */
export function tarHeader(path: string, size: number, modified = 0): Buffer {
  return header(path, '0', size, 0o644, modified);
}

/** What follows the content of a file of this size. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

function padded(content: Uint8Array): Buffer {
  const rest = content.length % blockSize;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(blockSize - rest)]);
}

/** pax records for what the ustar fields cannot hold. */
function paxRecords(path: string, target: string | undefined): Buffer {
  const records: string[] = [];
  if (splitPath(path) === undefined) records.push(record('path', path));
  if (target !== undefined && Buffer.byteLength(target) > 100) records.push(record('linkpath', target));
  return Buffer.from(records.join(''));
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}

/** Prefix and name of the ustar header, `undefined` when the path fits neither. */
function splitPath(path: string): { readonly prefix: string; readonly name: string } | undefined {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const prefix = path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100 && name !== '')
      return { prefix, name };
  }
  return undefined;
}

function header(
  path: string,
  type: string,
  size: number,
  mode: number,
  modified: number,
  target: string | undefined = undefined,
): Buffer {
  const bytes = Buffer.alloc(blockSize);
  const { prefix, name } = splitPath(path) ?? { prefix: '', name: path };
  bytes.write(name, 0, 100);
  writeOctal(bytes, mode, 100, 8);
  writeOctal(bytes, 0, 108, 8);
  writeOctal(bytes, 0, 116, 8);
  writeOctal(bytes, size, 124, 12);
  writeOctal(bytes, modified, 136, 12);
  bytes.write(type, 156, 1);
  if (target !== undefined) bytes.write(target, 157, 100);
  bytes.write('ustar\0', 257, 6);
  bytes.write('00', 263, 2);
  bytes.write(prefix, 345, 155);
  bytes.write(`${checksum(bytes).toString(8).padStart(6, '0')}\0 `, 148, 8);
  return bytes;
}

function writeOctal(bytes: Buffer, value: number, offset: number, length: number): void {
  if (value >= 8 ** (length - 1)) {
    // Files beyond 8 GiB need the base-256 form of GNU tar.
    bytes.writeBigUInt64BE(BigInt(value), offset + length - 8);
    bytes[offset]! |= 0x80;
    return;
  }
  bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, length);
}
