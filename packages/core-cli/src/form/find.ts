import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { userDirectories } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { select } from '../session/workspace.ts';
import { suggest } from '../suggest.ts';

const endings = ['.form.toml', '.toml', '/form.toml'];

/**
 * The file of a form. A word without an ending is a name when no such file is there: of the workspace
 * (`templates/forms`), of the user, or of a form that came with the program (04 §5.1).
 * @throws ProvisioningError `FORM_NOT_FOUND` (exit 5) with the names there are.
 */
export async function findForm(command: ProvisioningCommand, word: string): Promise<string> {
  const asFile = resolve(command.runtime.cwd, word);
  if (/\.\w+$/.test(word) || statSync(asFile, { throwIfNoEntry: false })?.isFile()) return asFile;
  const folders = await formFolders(command);
  for (const folder of folders) {
    const found = endings.map((ending) => join(folder, `${word}${ending}`)).find((file) => existsSync(file));
    if (found !== undefined) return found;
  }
  const names = await formNames(folders);
  const near = suggest(word, names);
  throw new ProvisioningError({
    code: 'FORM_NOT_FOUND',
    kind: 'not-found',
    message: [`Unknown form: ${word}`, '', 'Available forms:', ...names.map((name) => `  • ${name}`)].join(
      '\n',
    ),
    hint: near === undefined ? 'Give the file of a form, or --schema' : `Did you mean: ${near}?`,
  });
}

async function formFolders(command: ProvisioningCommand): Promise<string[]> {
  const selection = await select(command, 'optional').catch(() => undefined);
  const shipped = shippedForms();
  return [
    ...(selection === undefined ? [] : [join(selection.path, 'templates', 'forms')]),
    join(userDirectories(surroundingsOf(command.runtime)).config, 'templates', 'forms'),
    ...(shipped === undefined ? [] : [shipped]),
  ];
}

async function formNames(folders: readonly string[]): Promise<string[]> {
  const names = new Set<string>();
  for (const folder of folders) {
    for (const file of await readdir(folder, { recursive: true }).catch(() => []))
      if (file.endsWith('.toml')) names.add(nameOf(file));
  }
  return [...names].sort();
}

function nameOf(file: string): string {
  return basename(file) === 'form.toml' ? dirname(file) : file.replace(/(\.form)?\.toml$/, '');
}

/** `forms/` beside the program. */
function shippedForms(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, 'forms', 'server-configuration.form.toml'))) return join(folder, 'forms');
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}
