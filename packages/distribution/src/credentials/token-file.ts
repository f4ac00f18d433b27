import { readFile, stat } from 'node:fs/promises';
import { ProvisioningError, Secret } from '@provisioning/extensions-sdk';

/** User name that goes with a bare token (09 §6). */
export const tokenUser = '_token';

/**
 * Reads a token file: the token alone, one trailing newline tolerated, mode 0600 (09 §6).
 * @param strict refuse a file that others may read (cicd and enterprise) instead of warning.
 * @throws ProvisioningError `TOKEN_FILE_INVALID`, `TOKEN_FILE_MODE`.
 */
export async function readTokenFile(
  path: string,
  options: { readonly strict?: boolean; readonly warn?: (message: string) => void } = {},
): Promise<Secret> {
  let text: string;
  let mode: number;
  try {
    [text, mode] = await Promise.all([
      readFile(path, 'utf8'),
      stat(path).then((details) => details.mode & 0o777),
    ]);
  } catch (error) {
    throw new ProvisioningError({
      code: 'TOKEN_FILE_INVALID',
      kind: 'configuration',
      message: `Token file ${path} cannot be read`,
      cause: error,
    });
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const message = `Token file ${path} may be read by others (mode ${mode.toString(8)}), expected 600`;
    if (options.strict === true) {
      throw new ProvisioningError({
        code: 'TOKEN_FILE_MODE',
        kind: 'permission',
        message,
        hint: `chmod 600 ${path}`,
      });
    }
    options.warn?.(message);
  }
  const token = text.replace(/\r?\n$/, '');
  if (/\s/.test(token) || token === '') {
    throw new ProvisioningError({
      code: 'TOKEN_FILE_INVALID',
      kind: 'configuration',
      message: token === '' ? `Token file ${path} is empty` : `Token file ${path} contains whitespace`,
      hint: 'the file holds the token and nothing else',
    });
  }
  return new Secret(token);
}
