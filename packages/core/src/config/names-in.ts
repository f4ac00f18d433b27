import { readdirSync, statSync } from 'node:fs';
import { unreadable } from './read.ts';

/**
 * Names in a folder; none when it is not there. Configuration folders are small, so they are read in place.
 * @throws ProvisioningError `CONFIG_UNREADABLE`: what is in a folder is never left out because it cannot be seen
 */
export function namesIn(folder: string): string[] {
  try {
    // Most of them are absent; an error for each would cost more than reading those that are there.
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
    return readdirSync(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(folder, message, cause);
  }
}
