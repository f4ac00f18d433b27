import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';

export default class CheckpointList extends ProvisioningCommand {
  static override summary = 'List the checkpoints of the records';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator checkpoint list'];

  async run(): Promise<void> {
    await this.parse(CheckpointList);
    const api = await apiFor(this);
    const checkpoints =
      await api.get<
        readonly { id: string; name: string; created_at: string; size: string; description: string }[]
      >('/rollback/checkpoints');
    await this.out.list(
      checkpoints,
      [
        { title: 'ID', value: (row) => row.id },
        { title: 'NAME', value: (row) => row.name },
        { title: 'CREATED', value: (row) => row.created_at },
        { title: 'SIZE', value: (row) => row.size, align: 'right' },
        { title: 'DESCRIPTION', value: (row) => row.description },
      ],
      'checkpoints',
    );
  }
}
