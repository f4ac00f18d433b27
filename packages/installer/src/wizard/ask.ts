import {
  ask,
  askForm,
  askIfRight,
  complete,
  type FormStyle,
  nestedValues,
  offering,
  type QuestionStreams,
} from '@provisioning/core';
import { type InstallerConfiguration, ProvisioningError } from '@provisioning/extensions-sdk';
import { wizardForm } from './form.ts';

export interface Asking {
  readonly streams: QuestionStreams;
  readonly style: FormStyle;
}

/**
 * Asks for everything that an installation needs (04 §7.2), from the given values on, until the person says that it is
 * right.
 * @throws ProvisioningError kind `interrupted` when it is broken off; nothing was written.
 */
export async function askConfiguration(
  given: InstallerConfiguration,
  platforms: readonly string[],
  { streams, style }: Asking,
): Promise<InstallerConfiguration> {
  for (let form = offering(wizardForm(platforms), given as Record<string, unknown>); ;) {
    const { values, errors } = complete(form, await askForm(form, {}, streams, style));
    if (errors.length > 0) {
      throw new ProvisioningError({
        code: 'FORM_INCOMPLETE',
        kind: 'usage',
        message: errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
      });
    }
    if (await askIfRight(form, values, streams, style)) {
      const answered = nestedValues(values) as InstallerConfiguration;
      const { installation, ...rest } = answered;
      return { ...given, ...rest, installation: { ...given.installation, ...installation } };
    }
    form = offering(form, values);
  }
}

/** Whether to go on; only a clear no stops. */
export async function askToGoOn({ streams }: Asking, question: string): Promise<boolean> {
  return !/^n(o)?$/i.test((await ask(streams, `? ${question} (Y/n) `)).trim());
}

/** What is to happen with what a failed deployment has started. */
export type AfterFailure = 'retry' | 'keep' | 'remove';

export async function askAfterFailure({ streams }: Asking): Promise<AfterFailure> {
  const answer = (
    await ask(streams, '? Retry, keep what runs, or remove it? (retry/keep/remove, default remove) ')
  ).trim();
  return /^r(etry)?$/i.test(answer) ? 'retry' : /^k(eep)?$/i.test(answer) ? 'keep' : 'remove';
}
