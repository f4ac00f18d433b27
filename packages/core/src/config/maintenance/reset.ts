import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../../files/atomic.ts';
import { parseDocument } from '../document.ts';
import { scopeFile } from '../edit/set.ts';
import { removeTomlKey } from '../edit/toml-edit.ts';
import { type LoadOptions } from '../load.ts';
import { isRecord, keyPath, valueAt } from '../merge.ts';
import { backupConfiguration } from './backup.ts';
import { userConfigFile, userTemplate } from './template.ts';

export interface ResetResult {
  /** Files changed, or that would be. */
  readonly files: readonly string[];
  readonly backup?: string;
}

/**
 * `config reset`: the user's file from the template again, or one section out of the user's files (02 §13). The present
 * state is backed up first.
 * @throws ProvisioningError `CONFIG_NOT_FOUND` (exit 5) when no user file sets the section
 */
export async function resetConfiguration(
  options: Pick<LoadOptions, 'surroundings' | 'workspace'>,
  section: string | undefined,
  check = false,
): Promise<ResetResult> {
  const { surroundings, workspace } = options;
  const changes = section === undefined ? [await wholeFile(options)] : await withoutSection(options, section);
  const files = changes.map(({ file }) => file);
  if (check) return { files };
  const backup = await backupConfiguration({
    surroundings,
    ...(workspace === undefined ? {} : { workspacePath: workspace.path }),
  });
  for (const { file, text } of changes) await withFileLock(file, () => writeFileAtomic(file, text, 0o600));
  return { files, backup };
}

interface Change {
  readonly file: string;
  readonly text: string;
}

function wholeFile({ surroundings }: Pick<LoadOptions, 'surroundings'>): Change {
  return { file: userConfigFile(surroundings), text: userTemplate() };
}

async function withoutSection(
  options: Pick<LoadOptions, 'surroundings' | 'workspace'>,
  section: string,
): Promise<Change[]> {
  const files = [
    scopeFile(options, 'user', ''),
    ...(options.workspace === undefined ? [] : [scopeFile(options, 'local', '')]),
  ];
  const changes: Change[] = [];
  for (const file of files) {
    const before = await readFile(file, 'utf8').catch(() => undefined);
    if (before === undefined) continue;
    const at = keyPath(section);
    if (valueAt(parseDocument(before, file).value, at) === undefined) continue;
    changes.push({ file, text: removed(before, file, at) });
  }
  if (changes.length > 0) return changes;
  throw new ProvisioningError({
    code: 'CONFIG_NOT_FOUND',
    kind: 'not-found',
    message: `Configuration not found: ${section}`,
    hint: `None of your own files sets it: ${files.join(', ')}`,
  });
}

/** The text without a key; a table goes leaf by leaf, so that its header, comments and other tables stay. */
function removed(text: string, file: string, at: readonly string[]): string {
  let result = text;
  const drop = (key: readonly string[]): void => {
    const value = valueAt(parseDocument(result, file).value, key);
    if (isRecord(value)) for (const name of Object.keys(value)) drop([...key, name]);
    else result = removeTomlKey(result, key);
  };
  drop(at);
  return result;
}
