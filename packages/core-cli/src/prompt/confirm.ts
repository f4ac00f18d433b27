import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Printer } from '../output/printer.ts';
import { isOn } from '../output/terminal.ts';
import type { Runtime } from '../runtime.ts';
import { ask } from './ask.ts';

/** Whether a question can be answered: a terminal on both sides and no `PROVISIONING_NONINTERACTIVE`. */
export function canPrompt(runtime: Runtime): boolean {
  const { environment } = runtime;
  const refused =
    isOn(environment['PROVISIONING_NONINTERACTIVE']) || isOn(environment['PROVISIONING_NON_INTERACTIVE']);
  return !refused && runtime.stdin.isTTY === true && runtime.stderr.isTTY === true;
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
  options: { readonly typed?: string } = {},
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
  const suffix = options.typed === undefined ? '(y/N)' : `Type ${style.strong(options.typed)} to confirm`;
  const answer = await ask(runtime, `${question} ${suffix}: `);
  const yes = options.typed === undefined ? /^y(es)?$/i.test(answer.trim()) : answer.trim() === options.typed;
  if (yes) return;
  throw new ProvisioningError({ code: 'CANCELLED', message: 'Cancelled' });
}
