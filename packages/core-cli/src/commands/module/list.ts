import { string as argument } from '@oclif/core/args';
import { listModules, parseKind } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ModuleList extends ProvisioningCommand {
  static override summary = 'List the modules that are loaded';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning module list taskserv',
    'provisioning module list provider demo:prod',
  ];
  static override args = {
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
    target: argument({ description: 'where; default the current infrastructure' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(ModuleList);
    const kind = parseKind(args.type);
    const { target, catalogue } = await openTarget(this, args.target);
    const { modules, warning } = await listModules(target, kind, catalogue);
    if (warning !== undefined) this.out.warn(warning);
    await this.out.list(
      modules,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'VERSION', value: (row) => row.version },
        { title: 'SOURCE', value: (row) => `${row.source}${row.mode === 'link' ? ' (link)' : ''}` },
        { title: 'LOADED', value: (row) => row.loaded_at.slice(0, 16).replace('T', ' ') },
        {
          title: 'STATUS',
          value: (row) => row.status,
          paint: (text, row, style) => (row.status === 'ok' ? style.good(text) : style.warn(text)),
        },
      ],
      `loaded ${kind}s`,
    );
  }
}
