import { access, copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { mainFile } from '../config/definition-formats.ts';
import { configurationExists } from '../config/edit/replace.ts';
import { loadConfiguration } from '../config/load.ts';
import { textOf } from '../config/maintenance/export.ts';
import { readDocument } from '../config/read.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { type WorkspaceFormat, convert } from './format.ts';

export interface ConvertOptions {
  readonly surroundings: Surroundings;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly to: WorkspaceFormat;
  readonly check?: boolean;
  readonly backup?: boolean;
  readonly force?: boolean;
}

/**
 * `workspace migrate-config`: the main file in another language. The old one is kept as `<file>.bak`; when the new one
 * does not load, everything is as it was.
 */
export async function convertMainFile(
  options: ConvertOptions,
): Promise<{ readonly from: string; readonly to: string; readonly text: string }> {
  const { workspace, surroundings } = options;
  const from = mainFile(workspace.path);
  const document =
    from === undefined
      ? undefined
      : await readDocument(from, {
          evaluate: {
            context: {
              workspace: workspace.name,
              infra: '',
              environment: '',
              env: surroundings.env,
              params: {},
            },
          },
        });
  if (from === undefined || document === undefined) {
    throw new ProvisioningError({
      code: 'MAIN_FILE_MISSING',
      kind: 'configuration',
      message: `Required configuration file not found: ${path.join(workspace.path, 'config', 'provisioning.toml')}`,
    });
  }
  const to = path.join(path.dirname(from), `provisioning.${options.to}`);
  const toml = await textOf(document.value, 'toml');
  const text = options.to === 'toml' ? toml : convert(toml, options.to);
  if (options.check === true || from === to) return { from, to, text };
  const taken = await access(to).then(
    () => true,
    () => false,
  );
  if (taken && options.force !== true) throw configurationExists(to);
  if (options.backup === true) await copyFile(from, `${from}.backup`);
  const kept = taken ? await readFile(to) : undefined;
  await rename(from, `${from}.bak`);
  try {
    await writeFile(to, text, { mode: 0o600 });
    await loadConfiguration({ surroundings, workspace });
  } catch (error) {
    if (kept === undefined) await rm(to, { force: true });
    else await writeFile(to, kept);
    await rename(`${from}.bak`, from);
    throw error;
  }
  return { from, to, text };
}
