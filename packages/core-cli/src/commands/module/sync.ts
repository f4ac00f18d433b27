import { string as argument } from '@oclif/core/args';
import { syncModules } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ModuleSync extends ProvisioningCommand {
  static override summary = 'Rebuild links, manifests and import files of loaded modules';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning module sync', 'provisioning module sync demo:prod'];
  static override args = { target: argument({ description: 'where; default the current infrastructure' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ModuleSync);
    const { target } = await openTarget(this, args.target);
    const result = await syncModules(target, () => this.runtime.now());
    const { style } = this.out;
    const line = (names: readonly string[], text: string): string[] =>
      names.length === 0 ? [] : [`${style.mark('ok')} ${text}: ${names.join(', ')}`];
    await this.out.result({ target: target.name, ...result }, () => [
      ...line(result.finished, 'Finished an interrupted load'),
      ...line(result.rebuilt, 'Manifest rebuilt'),
      ...line(result.relinked, 'Links rebuilt'),
      ...line(result.removed, 'Removed'),
      ...(result.missing.length === 0
        ? []
        : [`${style.mark('warning')} Missing, load again: ${result.missing.join(', ')}`]),
      `${style.mark('ok')} Modules of ${target.name} are in sync`,
    ]);
  }
}
