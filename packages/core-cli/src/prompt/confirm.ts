import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Printer } from '../output/printer.ts';
import { isOn } from '../output/terminal.ts';
import type { Runtime } from '../runtime.ts';
import { ask } from '@provisioning/core';

/** Whether a question can be answered: a terminal on both sides and no `PROVISIONING_NONINTERACTIVE`. */
export function canPrompt(runtime: Runtime): boolean {
  const { environment } = runtime;
  const refused =
    isOn(environment['PROVISIONING_NONINTERACTIVE']) || isOn(environment['PROVISIONING_NON_INTERACTIVE']);
  return !refused && runtime.stdin.isTTY === true && runtime.stderr.isTTY === true;
}

export interface ConfirmOptions {
  /** Word that must be typed instead of y. */
  readonly typed?: string;
  /** Said before the question: which permission the answer needs. */
  readonly notice?: string;
  /** Only the word `yes` counts (05 §7.4). */
  readonly inFull?: boolean;
}

/**
 * Asks `question (y/N)`, or for a word that must be typed in full. Everything but a clear yes cancels (01 §8).
 * @throws ProvisioningError `CANCELLED` (exit 1), `CONFIRMATION_REQUIRED` (exit 2, nobody can answer).
 */
export async function confirm(
  runtime: Runtime,
  globals: { readonly yes: boolean; readonly check: boolean },
  printer: Printer,
  question: string,
  options: ConfirmOptions = {},
): Promise<void> {
  if (globals.yes || globals.check) return;
  if (!canPrompt(runtime)) {
    throw new ProvisioningError({
      code: 'CONFIRMATION_REQUIRED',
      kind: 'usage',
      message: 'Confirmation required: re-run with --yes',
      hint: question,
    });
  }
  const style = printer.errorStyle;
  if (options.notice !== undefined) printer.progress(options.notice);
  const usual = options.inFull === true ? '[yes/no]' : '(y/N)';
  const suffix = options.typed === undefined ? usual : `Type ${style.strong(options.typed)} to confirm`;
  const answer = (await ask(runtime, `${question} ${suffix}: `)).trim();
  const word = options.typed ?? (options.inFull === true ? 'yes' : undefined);
  if (word === undefined ? /^y(es)?$/i.test(answer) : answer === word) return;
  throw new ProvisioningError({ code: 'CANCELLED', message: 'Cancelled' });
}
