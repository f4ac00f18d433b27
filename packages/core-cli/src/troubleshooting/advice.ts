import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readTroubles, troubleOfCode } from './catalogue.ts';

/** An error with the hint of the catalogue where it has none of its own, and the page that says more. */
export async function withAdvice(
  error: ProvisioningError,
): Promise<{ readonly error: ProvisioningError; readonly page?: string }> {
  const trouble = troubleOfCode(await readTroubles().catch(() => []), error.code);
  if (trouble === undefined) return { error };
  const { page } = trouble;
  if (error.hint !== undefined) return { error, page };
  const { message, kind, location, issues, retryable, details, cause } = error;
  const advised = new ProvisioningError({
    code: error.code,
    message,
    kind,
    hint: `${trouble.solutions[0]!.title}: provisioning explain ${error.code}`,
    issues,
    retryable,
    details,
    cause,
    ...(location === undefined ? {} : { location }),
  });
  advised.name = error.name;
  if (error.stack !== undefined) advised.stack = error.stack;
  return { error: advised, page };
}
