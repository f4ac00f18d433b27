import { lstatSync, readFileSync } from 'node:fs';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ConfigCipher, decryptBytes } from './cipher.ts';
import { type Document, formatOf, parseDocument } from './document.ts';
import type { EvaluateOptions } from './evaluate/evaluate.ts';

export interface ReadOptions {
  readonly ciphers?: readonly ConfigCipher[];
  /** How `.ts`, `.ncl` and `.k` are evaluated; they are refused without it. */
  readonly evaluate?: EvaluateOptions;
  /** The file may hold a list at its top (a list of servers). */
  readonly list?: boolean;
}

/**
 * Reads a data file, or evaluates a definition. `undefined` when it is not there.
 * @throws ProvisioningError `CONFIG_UNREADABLE`, `CONFIG_SYNTAX`, `CONFIG_DECRYPT_FAILED`, `EVALUATION_*`
 */
export async function readDocument(file: string, options: ReadOptions = {}): Promise<Document | undefined> {
  const format = formatOf(file);
  if ((format === 'ts' || format === 'ncl' || format === 'k') && options.evaluate !== undefined) {
    const { evaluateFile } = await import('./evaluate/evaluate.ts');
    return evaluateFile(file, format, options.evaluate);
  }
  let bytes: Uint8Array;
  try {
    // Most files of a load are absent; an error for each would cost more than reading those that are there.
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    // Opening one waits for a writer, and nothing ends that.
    if (found.isFIFO()) throw unreadable(file, 'it is a pipe', undefined);
    // Two dozen small files, most of them absent: reading them in place is several times faster than the thread pool.
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof ProvisioningError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return undefined;
    if (code !== 'ENOENT') throw unreadable(file, message, cause);
    // Gone since, or a link whose end is not there: whoever made the link wants what it stands for to be read.
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    throw unreadable(file, 'the file that the link names is not there', cause);
  }
  const plain = await decryptBytes(bytes, file, options.ciphers ?? []);
  return parseDocument(decodeText(plain.bytes, file), file, {
    encrypted: plain.encrypted,
    ...(options.list === undefined ? {} : { list: options.list }),
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes as UTF-8 text; anything else is an error, not a replacement character. */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw unreadable(file, 'the file is not UTF-8 text', cause);
  }
}

/** A file or folder of the configuration that is there and cannot be read. */
export function unreadable(file: string, reason: string, cause: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIG_UNREADABLE',
    kind: 'configuration',
    message: `Cannot read configuration: ${file}: ${reason}`,
    location: { file },
    cause,
  });
}
