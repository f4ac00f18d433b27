import { ProviderError } from '@provisioning/extensions-sdk';
import { name } from '../api.ts';

/** Nothing without our labels is ever changed (06 §6). */
export function notOurs(operation: string, what: string): ProviderError {
  return new ProviderError({
    provider: name,
    operation,
    code: 'conflict',
    message: `The ${what} does not belong to this infrastructure`,
    help: 'Only resources with the labels of this workspace and infrastructure are changed.',
  });
}
