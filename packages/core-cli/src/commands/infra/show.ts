import { string as argument } from '@oclif/core/args';
import { masked, withSortedKeys } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { applyRunset } from '../../session/configured.ts';
import { counted } from '../../output/counted.ts';
import { loadDefinition } from '../../session/infrastructure.ts';
import { configurationOf, select } from '../../session/workspace.ts';

export default class InfraShow extends ProvisioningCommand {
  static override summary = 'Show the resolved definition of an infrastructure';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning infra show', 'provisioning infra show demo --out json'];
  static override args = { infra: argument({ description: 'name; default the current one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(InfraShow);
    if (args.infra !== undefined) this.globals = { ...this.globals, infra: args.infra };
    const selection = await select(this, 'required');
    const configuration = await configurationOf(this, selection);
    const infrastructure = await loadDefinition(this, selection, configuration);
    applyRunset(this, configuration, infrastructure);
    const columns = [
      { title: 'SERVER', value: (row: (typeof infrastructure.servers)[number]) => row.hostname },
      { title: 'PROVIDER', value: (row: (typeof infrastructure.servers)[number]) => row.provider },
      {
        title: 'SIZE',
        value: (row: (typeof infrastructure.servers)[number]) =>
          row.plan === '' ? `${counted(row.cores, 'core')}, ${row.memory} MB, ${row.disk} GB` : row.plan,
      },
      {
        title: 'TASKSERVS',
        value: (row: (typeof infrastructure.servers)[number]) =>
          row.taskservs.map(({ name }) => name).join(', '),
      },
    ];
    // In one order, whatever language it is written in.
    await this.out.result(withSortedKeys(masked(infrastructure)), () => [
      `${this.out.style.strong(infrastructure.name)} (${infrastructure.environment})`,
      `Path: ${infrastructure.path}`,
      '',
      ...(infrastructure.servers.length === 0
        ? ['No servers defined']
        : this.out.table(infrastructure.servers, columns)),
    ]);
  }
}
