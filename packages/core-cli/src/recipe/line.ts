import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Recipe } from './table.ts';

/**
 * The command line of a recipe with its arguments; those it has no parameter for are passed on.
 * @throws ProvisioningError `MISSING_ARGUMENT` (exit 2)
 */
export function recipeLine({ name, words, parameters }: Recipe, given: readonly string[]): string[] {
  const missing = parameters.slice(given.length);
  if (missing.length > 0) {
    const usage = parameters.map((parameter) => ` <${parameter}>`).join('');
    throw new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: `Missing required argument: ${missing.join(', ')}\nUsage: provisioning recipe ${name}${usage}`,
    });
  }
  const values = new Map(parameters.map((parameter, index) => [parameter, given[index]!]));
  const filled = words.map((word) =>
    word.replaceAll(/\{(\w+)\}/g, (whole, parameter: string) => values.get(parameter) ?? whole),
  );
  return [...filled, ...given.slice(parameters.length)];
}
