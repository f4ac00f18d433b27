import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Programs that evaluate definitions; each may be named by a variable (02 §10). */
export interface Tool {
  readonly name: 'Nickel' | 'KCL';
  readonly binary: string;
  readonly variable: string;
}

export const nickel: Tool = { name: 'Nickel', binary: 'nickel', variable: 'NICKEL_PATH' };
export const kcl: Tool = { name: 'KCL', binary: 'kcl', variable: 'KCL_PATH' };

/**
 * The tool's executable: the variable, then `PATH`.
 * @throws ProvisioningError `NICKEL_NOT_FOUND`, `KCL_NOT_FOUND` (exit 3)
 */
export async function findTool(
  tool: Tool,
  env: Readonly<Record<string, string | undefined>>,
  file?: string,
): Promise<string> {
  const named = env[tool.variable];
  const candidates =
    named !== undefined && named !== ''
      ? [named, path.join(named, tool.binary)]
      : (env['PATH'] ?? '')
          .split(path.delimiter)
          .filter((folder) => folder !== '')
          .map((folder) => path.join(folder, tool.binary));
  for (const candidate of candidates) {
    const executable = await access(candidate, constants.X_OK).then(
      () => !candidate.endsWith(path.sep),
      () => false,
    );
    if (executable && !(await isFolder(candidate))) return candidate;
  }
  throw new ProvisioningError({
    code: `${tool.name.toUpperCase()}_NOT_FOUND`,
    kind: 'configuration',
    message: `${tool.name} binary not found in PATH. Install ${tool.name} or set ${tool.variable} environment variable`,
    ...(file === undefined ? {} : { location: { file } }),
  });
}

async function isFolder(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => true,
  );
}
