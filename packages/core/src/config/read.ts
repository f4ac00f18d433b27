import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Document, parseDocument } from './document.ts';

/**
 * Reads a data file. `undefined` when it is not there.
 * @throws ProvisioningError `CONFIG_UNREADABLE`, `CONFIG_SYNTAX`
 */
export async function readDocument(file: string): Promise<Document | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    if (
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ||
      (cause as NodeJS.ErrnoException).code === 'ENOTDIR'
    ) {
      return undefined;
    }
    throw unreadable(file, (cause as Error).message, cause);
  }
  return parseDocument(decodeText(bytes, file), file);
}

/** Bytes as UTF-8 text; anything else is an error, not a replacement character. */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(file, 'the file is not UTF-8 text', cause);
  }
}

function unreadable(file: string, reason: string, cause: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIG_UNREADABLE',
    kind: 'configuration',
    message: `Cannot read configuration file: ${file}: ${reason}`,
    location: { file },
    cause,
  });
}
