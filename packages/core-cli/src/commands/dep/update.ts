import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { loadConfiguration } from '@provisioning/core';
import { checkUpdates, editModule, resolveDependencies } from '@provisioning/distribution';
import { orRestoreModules } from '../../extension/module-edits.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { workspaceDependencies } from '../../oci/dependencies.ts';
import { openArtifacts, type OciSession } from '../../oci/session.ts';
import { loadOptionsOf } from '../../session/workspace.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class DepUpdate extends ProvisioningCommand {
  static override summary = 'Move an extension of the workspace to another version';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning dep update redis',
    'provisioning dep update redis --version 1.2.0',
  ];
  static override args = { name: argument({ required: true, description: 'name of the extension' }) };
  static override flags = {
    ...registryFlags,
    version: string({ description: 'exactly this version' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DepUpdate);
    await using session = await openArtifacts(this, flags, 'required');
    const name = args.name!;
    const before = workspaceDependencies(this, session);
    await orRestoreModules(before.workspacePath, () => this.#update(session, before, name, flags.version));
  }

  async #update(
    session: OciSession,
    before: ReturnType<typeof workspaceDependencies>,
    name: string,
    version: string | undefined,
  ): Promise<void> {
    const edited = await editModule(before.workspacePath, before.block, name, version, this.globals.check);
    if (edited === 'same') {
      const [info] = await checkUpdates(session.artifacts, { ...before, name });
      if (info !== undefined && info.wanted === info.current) {
        await this.out.result(info, () => [`${name} is already at ${info.current}`]);
        return;
      }
    }
    // The file has changed since this command line read it.
    const configuration =
      edited === 'changed'
        ? await loadConfiguration(loadOptionsOf(this, session.selection))
        : session.configuration;
    const result = await resolveDependencies(session.artifacts, {
      ...workspaceDependencies(this, { ...session, configuration }),
      updateOnly: [name],
      frozen: false,
      dryRun: this.globals.check,
    });
    const now = result.packages.find((one) => one.name === name);
    await this.out.result(snakeKeys(result), () => [
      `${this.out.style.mark('ok')} ${this.globals.check ? 'Would update' : 'Updated'} ${name} to ${now?.version ?? 'nothing'}`,
    ]);
  }
}
