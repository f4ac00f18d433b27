import {
  type DependencyBlock,
  type PlannedPackage,
  readDependencyBlock,
  type ResolveOptions,
} from '@provisioning/distribution';
import { providedBy } from './provided.ts';
import { openCatalogue } from '../session/modules.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { Column } from '../output/table.ts';
import type { OciSession } from './session.ts';

/** What the workspace of a session asks for, ready for the functions of `distribution`. */
export function workspaceDependencies(
  command: ProvisioningCommand,
  session: Pick<OciSession, 'artifacts' | 'configuration' | 'selection'>,
): Pick<ResolveOptions, 'workspacePath' | 'block' | 'core' | 'onRecovered' | 'onProgress' | 'provided'> & {
  readonly block: DependencyBlock;
} {
  const block = readDependencyBlock(session.configuration.get('dependencies'), {
    mode: session.artifacts.settings.mode,
  });
  for (const warning of block.warnings) command.out.warn(warning);
  return {
    workspacePath: session.selection!.path,
    provided: providedBy(
      openCatalogue(command, { workspacePath: session.selection!.path }),
      session.selection!.path,
    ),
    block,
    core: command.host.catalogue.version,
    onRecovered: (what) =>
      command.out.warn(
        `An earlier run was interrupted; its changes were ${what === 'restored' ? 'undone' : 'completed'}`,
      ),
    onProgress: (message) => command.out.progress(message),
  };
}

/** Table of `dep resolve --dry-run`. */
export const actionColumns: readonly Column<Omit<PlannedPackage, 'candidate'>>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'kind', value: ({ kind }) => kind },
  { title: 'action', value: ({ action }) => action },
  { title: 'from', value: ({ from }) => from },
  { title: 'version', value: ({ version }) => version },
  { title: 'reference', value: ({ reference }) => reference },
];
