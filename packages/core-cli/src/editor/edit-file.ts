import { basename } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { asProvisioningError } from '../errors/as-error.ts';
import { renderError } from '../errors/render.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { ask } from '@provisioning/core';
import { canPrompt } from '../prompt/confirm.ts';
import { privateFile } from './private-file.ts';
import { chooseEditor, runEditor } from './run-editor.ts';

export interface Editing {
  /** File name the editor shows; its ending tells the language. */
  readonly name: string;
  readonly text: string;
  readonly editor?: string;
  /** Checks and stores the new text; an error leads back to the editor. */
  store(text: string): Promise<void>;
}

/**
 * A text in the person's editor (02 §13, 18 §7.4): unchanged, nothing is stored; refused, they are asked to go on
 * editing. The working copy is private and is gone afterwards, interruption included.
 * @returns whether something was stored
 */
export async function editText(command: ProvisioningCommand, editing: Editing): Promise<boolean> {
  const editor = await chooseEditor(command, editing.editor);
  const copy = await privateFile(command.runtime, basename(editing.name), editing.text);
  const forget = command.host.interruption.onCleanup(() => copy.remove());
  try {
    for (;;) {
      await runEditor(command, editor, copy.file);
      const text = await copy.read();
      if (text === editing.text) return false;
      try {
        await editing.store(text);
        return true;
      } catch (thrown) {
        await askToGoOn(command, thrown);
      }
    }
  } finally {
    await copy.remove();
    forget();
  }
}

async function askToGoOn(command: ProvisioningCommand, thrown: unknown): Promise<void> {
  const error = asProvisioningError(thrown);
  if (!canPrompt(command.runtime) || error.kind !== 'configuration') throw error;
  const options = { style: command.out.errorStyle, machine: false, debug: command.globals.debug };
  command.runtime.stderr.write(renderError(error, options));
  const answer = (await ask(command.runtime, 'Edit again? (Y/n): ')).trim();
  if (/^n(o)?$/i.test(answer)) throw new ProvisioningError({ code: 'CANCELLED', message: 'Cancelled' });
}
