import { readFile } from 'node:fs/promises';
import type { Configuration } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * The bearer token in the file that `render.token_path` names; none where no file is named.
 * @throws ProvisioningError `TOKEN_FILE_NOT_READABLE` (exit 3)
 */
export async function renderToken(configuration: Configuration): Promise<string | undefined> {
  const file = configuration.get('render.token_path');
  if (typeof file !== 'string' || file === '') return undefined;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ProvisioningError({
      code: 'TOKEN_FILE_NOT_READABLE',
      kind: 'configuration',
      message: `The token file of the render daemon cannot be read: ${file}`,
      hint: 'Write the token into it, or change render.token_path.',
      cause,
    });
  });
  return text.trim();
}
