import { meshCombinations } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class TaskservSuggestMesh extends ProvisioningCommand {
  static override summary = 'List service meshes and ingresses that go well together';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning taskserv suggest-mesh'];

  async run(): Promise<void> {
    await this.parse(TaskservSuggestMesh);
    const yes = (value: boolean): string => (value ? 'yes' : '');
    await this.out.list(
      meshCombinations,
      [
        { title: 'NAME', value: (row) => `${row.name}${row.default ? ' (default)' : ''}` },
        { title: 'TASKSERVS', value: (row) => row.taskservs.join(', ') },
        { title: 'SMALL', value: (row) => yes(row.facts.lightweight) },
        { title: 'AUTOMATIC TLS', value: (row) => yes(row.facts.automatic_tls) },
        { title: 'FULL', value: (row) => yes(row.facts.full_features) },
        { title: 'SIMPLE', value: (row) => yes(row.facts.simple_config) },
        { title: 'WHY', value: (row) => row.reason },
      ],
      'combinations',
    );
  }
}
