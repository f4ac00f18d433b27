import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Size of a tar record. */
export const blockSize = 512;

/** One entry of a tar archive. */
export interface TarEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'other';
  readonly mode: number;
  readonly size: number;
  /** Target of a link as the archive writes it. */
  readonly target?: string;
}

export function damaged(reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'ARCHIVE_DAMAGED',
    message: `The archive cannot be read: ${reason}`,
    hint: 'nothing was unpacked; fetch or build the archive again',
  });
}

export function unsafe(path: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'UNSAFE_ARCHIVE',
    message: `Unsafe archive entry: ${path.replace(/\p{Cc}/gu, '?').slice(0, 300)}`,
    hint: `${reason}; nothing was unpacked`,
  });
}

/** Octal number field; the base-256 form of GNU tar is accepted within safe integers. */
export function readNumber(header: Buffer, offset: number, length: number): number {
  if ((header[offset]! & 0x80) !== 0) {
    let value = header[offset]! & 0x7f;
    for (let position = offset + 1; position < offset + length; position++)
      value = value * 256 + header[position]!;
    return value;
  }
  const text = readText(header, offset, length).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw damaged(`"${text}" is not a number`);
  return Number.parseInt(text, 8);
}

/** Text field up to its first NUL. */
export function readText(header: Buffer, offset: number, length: number): string {
  const end = header.indexOf(0, offset);
  return header.toString('utf8', offset, end === -1 || end > offset + length ? offset + length : end);
}

/** Sum of a header's bytes with the checksum field read as spaces (POSIX ustar). */
export function checksum(header: Buffer): number {
  let sum = 8 * 0x20;
  for (let position = 0; position < blockSize; position++) {
    if (position < 148 || position >= 156) sum += header[position]!;
  }
  return sum;
}
