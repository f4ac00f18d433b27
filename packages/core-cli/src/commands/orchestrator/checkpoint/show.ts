import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';

export default class CheckpointShow extends ProvisioningCommand {
  static override summary = 'Show a checkpoint';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator checkpoint show 5f0c'];
  static override args = { id: argument({ required: true, description: 'id of the checkpoint' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(CheckpointShow);
    const api = await apiFor(this);
    const checkpoint = await api.get<Readonly<Record<string, unknown>>>(`/rollback/checkpoints/${args.id}`);
    await this.out.result(checkpoint, () =>
      Object.entries(checkpoint).map(([name, value]) => `${`${name}:`.padEnd(18)} ${String(value)}`),
    );
  }
}
