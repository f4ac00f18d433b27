import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Settings } from '../settings/settings.ts';

/** Which store a data folder was moved to. Where it is reached stays in the configuration: there may be a password in it. */
export interface StoreMark {
  readonly type: Settings['storage']['type'];
  readonly from: Settings['storage']['type'];
  readonly migrated_at: string;
}

const file = (folder: string) => join(folder, 'store.json');

/** @returns nothing where no migration has taken place */
export function readStoreMark(folder: string): StoreMark | undefined {
  try {
    return JSON.parse(readFileSync(file(folder), 'utf8')) as StoreMark;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Durable when it returns. */
export function writeStoreMark(folder: string, mark: StoreMark): void {
  const draft = `${file(folder)}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(mark, undefined, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file(folder));
}

export function removeStoreMark(folder: string): void {
  rmSync(file(folder), { force: true });
}

/**
 * The store to open: the one that the installation was moved to, unless the configuration names one itself.
 * @throws ProvisioningError when the configuration names the one that it was moved away from: what was accepted since is
 * not in there
 */
export function storeInForce(
  settings: Settings,
  origins: Readonly<Record<string, string>>,
): Settings['storage']['type'] {
  const mark = readStoreMark(settings.paths.data_dir);
  const { type } = settings.storage;
  if (!mark || mark.type === type) return type;
  if ((origins['storage.type'] ?? 'default') === 'default') return mark.type;
  throw new ProvisioningError({
    code: 'CONFIGURATION_ERROR',
    kind: 'configuration',
    message: `Configuration error: storage.type is ${type} (from ${origins['storage.type']}), but the store was moved to ${mark.type} at ${mark.migrated_at}`,
    hint: `Set storage.type to ${mark.type}. To begin with the old store again, and without what was accepted since, delete ${file(settings.paths.data_dir)}`,
  });
}
