import {
  activateExtension,
  fileAudit,
  listWorkspaces,
  readManifest,
  type Selection,
  usersOf,
} from '@provisioning/core';
import type { InstallOptions, InstallQuestion, PackageKind } from '@provisioning/distribution';
import type { ProvisioningCommand } from '../frame/command.ts';
import { providedBy } from '../oci/provided.ts';
import type { OciSession } from '../oci/session.ts';
import type { Column } from '../output/table.ts';
import { openCatalogue } from '../session/modules.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import type { InstalledVersion } from '@provisioning/distribution';

/** How `extension install` and `extension update` work on this machine. */
export function installOptions(command: ProvisioningCommand, session: OciSession): InstallOptions {
  const { selection } = session;
  const place = selection === undefined ? {} : { workspacePath: selection.path };
  return {
    dataFolder: session.dataFolder,
    core: command.host.catalogue.version,
    provided: providedBy(openCatalogue(command, place), selection?.path),
    check: command.globals.check,
    onProgress: (message) => command.out.progress(message),
    onRecovered: () => command.out.warn('An earlier run was interrupted; its changes were undone'),
    confirm: (question) => agree(command, question),
    activate: (installed) => activate(command, selection, installed),
  };
}

/** Shows what an extension asks for and asks whether it may be installed (09 §12). */
async function agree(command: ProvisioningCommand, question: InstallQuestion): Promise<void> {
  const { kind, name, version, from, reasons, permissions } = question;
  for (const [what, list] of Object.entries(permissions))
    command.out.info(`${name} asks for ${what}: ${list.join(', ')}`);
  const why = {
    community: 'it comes from the community',
    major: `it is a step to a new major version, from ${from}`,
    permissions: 'it asks for permissions it did not have',
  };
  await command.confirm(
    `Install ${kind} ${name} ${version}? ${reasons.map((reason) => why[reason]).join('; ')}`,
  );
}

/** In a workspace the new version's activation must work; else the older one stays (09 §12 `extension update`). */
async function activate(
  command: ProvisioningCommand,
  selection: Selection | undefined,
  installed: InstalledVersion,
): Promise<void> {
  const { manifest, file } = await readManifest(installed.path);
  if (selection === undefined || installed.from === undefined) return;
  const audit = fileAudit(selection.path);
  try {
    const { name, version, path, kind } = installed;
    await activateExtension(
      {
        name,
        version,
        path,
        type: kind,
        description: '',
        category: '',
        layer: 'installed',
        manifest,
        manifestFile: file,
        enabled: true,
        builtIn: false,
        ignored: [],
      },
      { workspacePath: selection.path, variables: command.runtime.environment, audit: audit.sink },
    );
  } finally {
    await audit.flush();
  }
}

/** Definitions of all registered workspaces that use an extension. */
export async function usersEverywhere(
  command: ProvisioningCommand,
  kind: PackageKind,
  name: string,
): Promise<readonly string[]> {
  const users: string[] = [];
  for (const { name: workspace, path } of await listWorkspaces(surroundingsOf(command.runtime))) {
    const target = { base: path, layer: 'workspace' as const, workspacePath: path, name: workspace };
    // A workspace whose definitions do not load is no reason to keep everything for ever.
    const found = await usersOf(target, kind, name).catch(() => []);
    users.push(...found.map((user) => `${workspace}: ${user}`));
  }
  return users;
}

/** What `extension install` says. */
export function installedLines(
  { out }: ProvisioningCommand,
  installed: readonly InstalledVersion[],
): readonly string[] {
  return [
    ...(installed.length > 1 ? out.table(installed, installedColumns) : []),
    ...installed
      .filter(({ requested }) => requested)
      .map(({ kind, name, version, state, path }) =>
        state === 'current'
          ? `${out.style.mark('info')} ${kind} ${name} ${version} is installed already`
          : `${out.style.mark('ok')} ${state === 'would-install' ? 'Would install' : 'Installed'} ${kind} ${name} ${version} in ${path}`,
      ),
  ];
}

/** What `extension update` says. */
export function updatedLines(
  { out, globals }: ProvisioningCommand,
  versions: readonly InstalledVersion[],
): readonly string[] {
  const changed = versions.filter(({ state }) => state !== 'current' && state !== 'provided');
  return [
    ...(changed.length > 0 ? out.table(changed, installedColumns) : []),
    `${out.style.mark('ok')} ${globals.check ? 'Would update' : 'Updated'} ${changed.length} of ${versions.length} extensions`,
  ];
}

export const installedColumns: readonly Column<InstalledVersion>[] = [
  { title: 'name', value: ({ kind, name }) => `${kind}/${name}` },
  { title: 'version', value: ({ version }) => version },
  { title: 'from', value: ({ from }) => from ?? '' },
  { title: 'state', value: ({ state }) => state },
  { title: 'reference', value: ({ reference }) => reference },
];
