import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Programs that can transfer artifacts instead of the built-in client, in the order in which `external` tries them. */
export const externalTools = ['oras', 'crane', 'skopeo'] as const;
export type ExternalTool = (typeof externalTools)[number];

export interface ExternalProgram {
  readonly tool: ExternalTool;
  readonly file: string;
}

/**
 * The program of `oci.tool` (09 §5, S:51782-51788).
 * @throws ProvisioningError `OCI_TOOL_MISSING`, exit 1.
 */
export async function findExternalProgram(
  wanted: ExternalTool | 'external',
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ExternalProgram> {
  for (const tool of wanted === 'external' ? externalTools : [wanted]) {
    const file = await findOnPath(tool, environment);
    if (file !== undefined) return { tool, file };
  }
  throw new ProvisioningError({
    code: 'OCI_TOOL_MISSING',
    message:
      wanted === 'external'
        ? 'No OCI tool found. Install oras, crane, or skopeo'
        : `OCI tool ${wanted} not found. Install it`,
    hint: 'or set oci.tool to builtin, which needs no other program',
  });
}

/** The file of a program, looked for in the folders of `PATH`. */
export async function findOnPath(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    const file = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
