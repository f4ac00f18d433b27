import { string as argument } from '@oclif/core/args';
import { moduleInfo, parseKind } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue, openTarget } from '../../session/modules.ts';

export default class ModuleInfo extends ProvisioningCommand {
  static override summary = 'Show everything known about a module';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning module info taskserv postgres'];
  static override args = {
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
    name: argument({ required: true, description: 'name or alias' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(ModuleInfo);
    const kind = parseKind(args.type);
    const { catalogue, selection } = await currentCatalogue(this);
    const target = selection === undefined ? undefined : (await openTarget(this, undefined)).target;
    const info = await moduleInfo(catalogue, kind, args.name, target);
    const { style } = this.out;
    await this.out.result(info, () => [
      `${style.strong(info.name)} ${String(info.manifest['version'])} (${kind})`,
      String(info.manifest['description'] ?? ''),
      '',
      'Found in:',
      ...info.layers.map(
        ({ layer, version, path }, index) =>
          `  ${index === 0 ? style.mark('active') : style.mark('inactive')} ${layer} ${version}  ${path}`,
      ),
      ...(info.dependencies.length === 0 ? [] : ['', `Requires: ${info.dependencies.join(', ')}`]),
      ...(info.fields.length === 0
        ? []
        : [
            '',
            'Configuration:',
            ...info.fields.map(
              ({ name, type, default: value }) =>
                `  ${name} (${type})${value === undefined ? '' : ` = ${JSON.stringify(value)}`}`,
            ),
          ]),
      ...(info.used_by.length === 0 ? [] : ['', `Used by: ${info.used_by.join(', ')}`]),
    ]);
  }
}
