import { readdirSync } from 'node:fs';

/** Names in a folder; none when it is not there. Configuration folders are small, so they are read in place. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
