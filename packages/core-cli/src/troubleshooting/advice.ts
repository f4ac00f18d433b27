import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prefixOf } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readTroubles, troubleOfCode } from './catalogue.ts';

/** What an installation without its component of extensions does not know. */
const ofExtensions = new Set(['TASKSERV_NOT_FOUND', 'CLUSTER_UNKNOWN']);

/** The component that has what was not found, when this program's installation lacks it (11 §1). */
function missingComponent({ code, hint }: ProvisioningError): string | undefined {
  const prefix = ofExtensions.has(code) ? prefixOf(fileURLToPath(import.meta.url)) : undefined;
  if (prefix === undefined || existsSync(join(prefix, 'lib/provisioning/extensions'))) return hint;
  const install = 'Most taskservs and all clusters come with: provisioning install extensions';
  return hint === undefined ? install : `${hint}\n${install}`;
}

/** An error with the hint of the catalogue where it has none of its own, and the page that says more. */
export async function withAdvice(
  error: ProvisioningError,
): Promise<{ readonly error: ProvisioningError; readonly page?: string }> {
  const hint = missingComponent(error);
  const trouble = troubleOfCode(await readTroubles().catch(() => []), error.code);
  const page = trouble === undefined ? {} : { page: trouble.page };
  if (hint === error.hint && (hint !== undefined || trouble === undefined)) return { error, ...page };
  const { message, kind, location, issues, retryable, details, cause } = error;
  const advised = new ProvisioningError({
    code: error.code,
    message,
    kind,
    hint: hint ?? `${trouble!.solutions[0]!.title}: provisioning explain ${error.code}`,
    issues,
    retryable,
    details,
    cause,
    ...(location === undefined ? {} : { location }),
  });
  advised.name = error.name;
  if (error.stack !== undefined) advised.stack = error.stack;
  return { error: advised, ...page };
}
