import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { parseKind, unloadModules } from '@provisioning/core';
import { namesOf } from '../../extension/names.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ModuleUnload extends ProvisioningCommand {
  static override summary = 'Remove loaded modules and what only they required';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning module unload taskserv . kubernetes',
    'provisioning module unload taskserv . redis --force',
  ];
  static override args = {
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
    target: argument({ required: true, description: 'where from' }),
    names: argument({ required: true, multiple: true, description: 'modules' }),
  };
  static override flags = { force: boolean({ description: 'also while a definition names it' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleUnload);
    const { target } = await openTarget(this, args.target);
    const { check } = this.globals;
    const entries = await unloadModules({
      kind: parseKind(args.type),
      target,
      names: namesOf(args.names),
      force: flags.force,
      check,
    });
    await this.out.result({ target: target.name, check_mode: check, unloaded: entries }, () =>
      entries.map(
        ({ name, orphaned }) =>
          `${this.out.style.mark('ok')} ${check ? 'Would unload' : 'Unloaded'} ${name}${orphaned ? ' (nothing needs it any more)' : ''}`,
      ),
    );
  }
}
