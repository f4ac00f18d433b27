import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import {
  readDependencyBlock,
  type RemoveOptions,
  removeUserExtension,
  removeWorkspaceExtension,
} from '@provisioning/distribution';
import { usersEverywhere } from '../../extension/installing.ts';
import { asksForWorkspace, intoWorkspace } from '../../extension/pulling.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class ExtensionRemove extends ProvisioningCommand {
  static override summary = 'Remove an installed extension';
  static override description =
    'All versions, or one with name@version. Refused while a definition or another extension uses it.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning extension remove redis',
    'provisioning extension remove taskserv/redis@1.0.0 --force',
    'provisioning extension remove redis --workspace',
  ];
  static override args = {
    name: argument({ required: true, description: 'name or type/name, with @version one version only' }),
  };
  static override flags = {
    ...intoWorkspace,
    force: boolean({ description: 'also while it is used' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionRemove);
    const fromWorkspace = asksForWorkspace(this, flags.workspace);
    await using session = await openArtifacts(this, {}, fromWorkspace ? 'required' : 'optional');
    const { artifacts, configuration, selection } = session;
    const options: RemoveOptions = {
      force: flags.force,
      check: this.globals.check,
      usedBy: (kind, name) => usersEverywhere(this, kind, name),
    };
    const removed = fromWorkspace
      ? await removeWorkspaceExtension(
          artifacts,
          selection!.path,
          readDependencyBlock(configuration.get('dependencies'), { mode: artifacts.settings.mode }),
          args.name,
          options,
        )
      : await removeUserExtension(artifacts, session.dataFolder, args.name, options);
    await this.out.result(removed, () =>
      removed.map(
        ({ kind, name, version }) =>
          `${this.out.style.mark('ok')} ${this.globals.check ? 'Would remove' : 'Removed'} ${kind} ${name} ${version}`,
      ),
    );
  }
}
