import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable?: boolean;
}

/** 1 January 1980: the format knows no earlier day. */
const firstDay = 0x21;

/**
 * A ZIP archive (APPNOTE 6.3.3) of files below 4 GiB, with names in UTF-8. The time of every file is `modified`, in
 * seconds since the epoch and in UTC, so that equal files give equal bytes.
 */
export function writeZip(files: readonly ZipFile[], modified: number): Buffer {
  const [date, time] = dosTime(modified);
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, content, executable = false } of files) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content, { level: 6 });
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt16LE(time, 6);
    fields.writeUInt16LE(date, 8);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    parts.push(signature(0x04034b50), fields, name, packed);
    const more = Buffer.alloc(14);
    // Version 2.0 on Unix, so that its modes count.
    more.writeUInt32LE(((executable ? 0o100755 : 0o100644) << 16) >>> 0, 6);
    more.writeUInt32LE(offset, 10);
    const maker = Buffer.from([20, 3]);
    directory.push(signature(0x02014b50), maker, fields, more, name);
    offset += 30 + name.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listed, signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Date and time of DOS, in steps of two seconds. */
function dosTime(seconds: number): readonly [number, number] {
  const at = new Date(seconds * 1000);
  if (at.getUTCFullYear() < 1980) return [firstDay, 0];
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return [date, (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)];
}
