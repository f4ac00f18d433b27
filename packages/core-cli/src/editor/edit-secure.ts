import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  ageKeyPlaces,
  ageKeyVariable,
  isSops,
  openEncrypted,
  plainName,
  saveEncrypted,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { runProgram } from '../child/run-program.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { editText } from './edit-file.ts';
import { chooseEditor } from './run-editor.ts';

/**
 * Edits an encrypted file (02 §15): in a private copy, or through `sops` where the file is in its format, whose keys and
 * checksum that program keeps.
 */
export async function editSecure(command: ProvisioningCommand, name: string, editor?: string): Promise<void> {
  const surroundings = surroundingsOf(command.runtime);
  const file = resolve(surroundings.cwd, name);
  const sops = await isSopsFile(file);
  const opened = sops ? undefined : await openEncrypted(surroundings, name);
  if (command.globals.check) {
    command.out.warn('Check mode: No changes will be made');
    command.out.line(`Would edit: ${file}`);
    return;
  }
  const changed =
    opened === undefined
      ? await editWithSops(command, file, editor)
      : await editText(command, {
          name: plainName(file),
          text: opened.text,
          ...(editor === undefined ? {} : { editor }),
          store: (text) => saveEncrypted(surroundings, opened, text),
        });
  await command.out.result({ file, changed }, () => [
    changed ? `${command.out.style.mark('ok')} Saved ${file}` : `Nothing changed in ${file}`,
  ]);
}

/** Whether SOPS keeps this file. */
export async function isSopsFile(file: string): Promise<boolean> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes !== undefined && isSops(bytes);
}

/** The `sops` program on a file, with the key this program would use. @throws ProvisioningError `SOPS_FAILED` */
export async function runSops(
  command: ProvisioningCommand,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const surroundings = surroundingsOf(command.runtime);
  const key = await ageKeyVariable(surroundings, ageKeyPlaces(surroundings));
  const code = await runProgram(command, ['sops', ...words], { ...key, ...variables });
  if (code === 0 || code === unchanged) return;
  throw new ProvisioningError({
    code: 'SOPS_FAILED',
    message: `sops ended with exit code ${code}`,
    hint: 'See what it said above. Keys: provisioning sops config',
  });
}

/** What `sops` answers when nothing was changed in the editor. */
const unchanged = 200;

async function editWithSops(
  command: ProvisioningCommand,
  file: string,
  editor: string | undefined,
): Promise<boolean> {
  const before = await readFile(file);
  await runSops(command, [file], { EDITOR: await chooseEditor(command, editor) });
  return !(await readFile(file)).equals(before);
}
