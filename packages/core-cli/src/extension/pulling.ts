import { string } from '@oclif/core/flags';
import { loadConfiguration, setConfigurationKey } from '@provisioning/core';
import {
  identifyExtension,
  kindFolder,
  type Module,
  packageKinds,
  readDependencyBlock,
  resolveDependencies,
} from '@provisioning/distribution';
import type { ProvisioningCommand } from '../frame/command.ts';
import { workspaceDependencies } from '../oci/dependencies.ts';
import type { RegistryFlags } from '../oci/flags.ts';
import { openArtifacts, type OciSession, type SourceOverride } from '../oci/session.ts';
import { orRestoreModules } from './module-edits.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { snakeKeys } from '../output/snake-keys.ts';

/** `--workspace` that may stand alone: into the workspace, or into the one it names. */
export const intoWorkspace = {
  workspace: Object.assign(
    string({ description: 'into the workspace and its lock, or into the workspace of that name' }),
    { optionalValue: '' },
  ),
};

/** Whether `--workspace` was given; a value selects the workspace. */
export function asksForWorkspace(command: ProvisioningCommand, value: string | undefined): boolean {
  const { workspace: _workspace, ...globals } = command.globals;
  command.globals = value === undefined || value === '' ? globals : { ...globals, workspace: value };
  return value !== undefined;
}

/**
 * Installs extensions with their dependencies into the workspace and its lock; everything is installed or nothing.
 * With `save` they become modules of the workspace (09 §12 `extension pull`).
 */
export async function pullIntoWorkspace(
  command: ProvisioningCommand,
  references: readonly string[],
  flags: RegistryFlags & { readonly 'verify-signature'?: boolean; readonly save?: boolean },
  source: SourceOverride = {},
): Promise<void> {
  await using session = await openArtifacts(command, flags, 'required', source);
  const { artifacts } = session;
  const { cwd } = command.runtime;
  const wanted = await Promise.all(references.map((text) => identifyExtension(artifacts, text, cwd)));
  const { check } = command.globals;
  const saving = flags.save === true && !check;
  const { mode } = artifacts.settings;
  const asked = readDependencyBlock(session.configuration.get('dependencies'), { mode });
  const named = new Set(wanted.map(({ kind, name }) => `${kind}/${name}`));
  const modules = [...asked.modules.filter(({ kind, name }) => !named.has(`${kind}/${name}`)), ...wanted];
  const pull = async () => {
    if (saving) await save(command, session, wanted);
    const block = saving ? await savedBlock(command, session) : asked;
    return resolveDependencies(artifacts, {
      ...workspaceDependencies(command, session),
      block: { ...block, modules },
      frozen: false,
      dryRun: check,
    });
  };
  const result = await orRestoreModules(session.selection!.path, pull);
  await command.out.result(snakeKeys(result), () => [
    `${command.out.style.mark('ok')} ${check ? 'Would install' : 'Installed'} ${result.installed}, updated ${result.updated}, unchanged ${result.unchanged}`,
  ]);
}

/** Adds references to `dependencies.extensions.modules`; one that names the same extension is replaced. */
async function save(
  command: ProvisioningCommand,
  { configuration, selection, artifacts }: OciSession,
  wanted: readonly Module[],
): Promise<void> {
  const { modules } = readDependencyBlock(configuration.get('dependencies'), {
    mode: artifacts.settings.mode,
  });
  for (const kind of packageKinds) {
    const added = wanted.filter((module) => module.kind === kind);
    if (added.length === 0) continue;
    const kept = modules.filter(
      (module) => module.kind === kind && !added.some(({ name }) => name === module.name),
    );
    await setConfigurationKey({
      ...loading(command, selection!),
      key: `dependencies.extensions.modules.${kindFolder(kind)}`,
      text: JSON.stringify([...kept, ...added].map(({ text }) => text)),
      scope: 'workspace',
    });
  }
}

async function savedBlock(command: ProvisioningCommand, { selection, artifacts }: OciSession) {
  const configuration = await loadConfiguration(loading(command, selection!));
  return readDependencyBlock(configuration.get('dependencies'), { mode: artifacts.settings.mode });
}

function loading(command: ProvisioningCommand, selection: { readonly name: string; readonly path: string }) {
  return {
    surroundings: surroundingsOf(command.runtime),
    workspace: { name: selection.name, path: selection.path },
  };
}
