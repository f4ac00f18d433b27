import type { ExtensionCatalogue, Selection } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openCatalogue } from '../session/modules.ts';
import { select } from '../session/workspace.ts';

/** Taskservs as the command line sees them; a workspace adds its own where there is one. */
export interface TaskservPlace {
  readonly selection: Selection | undefined;
  readonly extensions: ExtensionCatalogue;
}

/** Opens the catalogue without contacting anything. */
export async function openTaskservs(command: ProvisioningCommand): Promise<TaskservPlace> {
  const wanted = command.globals.workspace !== undefined || command.globals.infra !== undefined;
  const selection = await select(command, 'optional').catch((error: unknown) => {
    // What was named must exist; what was only looked for need not.
    if (wanted) throw error;
    return undefined;
  });
  const place = selection === undefined ? {} : { workspacePath: selection.path, infra: selection.infra };
  return { selection, extensions: openCatalogue(command, place) };
}
