import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { deployedVersion, readFrozenManifest, removeFrozen } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceFreezeRemove extends ProvisioningCommand {
  static override summary = 'Remove a frozen version that is not deployed';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning workspace freeze remove v1 --force'];
  static override args = { version: argument({ required: true, description: 'frozen version' }) };
  static override flags = {
    force: boolean({ description: 'needed: a frozen version cannot be made again' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceFreezeRemove);
    const selection = await select(this, 'none');
    const deployed = await deployedVersion(selection.path);
    if (this.globals.check) {
      await readFrozenManifest(selection.path, args.version!);
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would remove the frozen version: ${args.version}`);
      return;
    }
    await removeFrozen(selection.path, args.version!, {
      force: flags.force,
      ...(deployed === undefined ? {} : { deployed: deployed.version }),
    });
    await this.out.result({ version: args.version, removed: true }, () => [
      `${this.out.style.mark('ok')} Frozen version '${args.version}' removed`,
    ]);
  }
}
