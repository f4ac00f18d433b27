import {
  ExtensionCatalogue,
  infraPath,
  listInfrastructures,
  StateFile,
  userDirectories,
  WorkspaceRegistry,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { guides } from '../guide/guides.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { select } from '../session/workspace.ts';

/**
 * Names from local files for completion: workspaces, infrastructures, servers, extensions, guides. No network, at most
 * 200 ms (`PROVISIONING_COMPLETION_TIMEOUT` in milliseconds, for machines that need more), and nothing instead of an
 * error (01 §12).
 */
export async function localNames(command: ProvisioningCommand, kind: string): Promise<readonly string[]> {
  const wished = Number(surroundingsOf(command.runtime).env['PROVISIONING_COMPLETION_TIMEOUT']);
  const limit = wished > 0 ? wished : 200;
  const nothing = new Promise<readonly string[]>((resolve) => setTimeout(() => resolve([]), limit).unref());
  return Promise.race([nothing, read(command, kind).catch(() => [])]);
}

async function read(command: ProvisioningCommand, kind: string): Promise<readonly string[]> {
  const surroundings = surroundingsOf(command.runtime);
  if (kind === 'workspace') {
    const { workspaces } = await new WorkspaceRegistry(surroundings).read();
    return workspaces.map(({ name }) => name);
  }
  if (kind === 'guide') return guides.map(({ name }) => name);
  const selection = await select(command, 'optional');
  if (kind === 'infra') return listInfrastructures(selection.path);
  if (kind === 'server') {
    const infras =
      selection.infra === undefined ? await listInfrastructures(selection.path) : [selection.infra];
    const states = await Promise.all(
      infras.map((infra) => new StateFile(infraPath({ workspace: selection, infra })).read()),
    );
    return states.flatMap((state) => Object.keys(state.servers));
  }
  if (kind !== 'taskserv' && kind !== 'provider' && kind !== 'cluster') return [];
  const extensions = new ExtensionCatalogue({
    workspacePath: selection.path,
    infra: selection.infra,
    dataPath: userDirectories(surroundings).data,
    moduleUrls: [import.meta.url],
  });
  return (await extensions.list(kind)).map(({ name }) => name);
}
