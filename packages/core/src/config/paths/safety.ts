import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError, type SourceLocation } from '@provisioning/extensions-sdk';

/**
 * A path that stays below one of the roots once symbolic links are resolved (02 §14).
 * @throws ProvisioningError `PATH_ESCAPES_ROOT`
 */
export async function insideRoots(
  file: string,
  roots: readonly string[],
  written: string,
  location?: SourceLocation,
): Promise<string> {
  const resolved = await resolveExisting(file);
  for (const root of roots) {
    const base = await realpath(root).catch(() => path.resolve(root));
    if (resolved === base || resolved.startsWith(base + path.sep)) return file;
  }
  throw new ProvisioningError({
    code: 'PATH_ESCAPES_ROOT',
    kind: 'configuration',
    message: `Path escapes its root: ${written}`,
    hint: 'Paths in files stay inside the workspace, the user configuration or the installation.',
    ...(location === undefined ? {} : { location }),
  });
}

/** The real path of a file, or of its nearest ancestor that exists with the rest appended. */
async function resolveExisting(file: string): Promise<string> {
  const missing: string[] = [];
  for (let current = path.resolve(file); ; current = path.dirname(current)) {
    const real = await realpath(current).catch(() => undefined);
    if (real !== undefined) return path.join(real, ...missing.reverse());
    if (current === path.dirname(current)) return path.resolve(file);
    missing.push(path.basename(current));
  }
}
