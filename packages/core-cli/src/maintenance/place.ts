import type { ProvisioningCommand } from '../frame/command.ts';
import { openWorkspace } from '../session/workspace.ts';

/** The infrastructure whose window a command line means. Its definition is not read: it may be what is worked on. */
export async function maintenancePlace(command: ProvisioningCommand) {
  const { selection } = await openWorkspace(command, 'required');
  return { workspace: { name: selection.name, path: selection.path }, infra: selection.infra! };
}
