import { readdirSync, statSync } from 'node:fs';

/** Names in a folder; none when it is not there. Configuration folders are small, so they are read in place. */
export function namesIn(folder: string): string[] {
  try {
    // Most of them are absent; an error for each would cost more than reading those that are there.
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
    return readdirSync(folder);
  } catch {
    return [];
  }
}
