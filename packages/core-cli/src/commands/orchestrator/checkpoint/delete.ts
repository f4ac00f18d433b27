import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';

export default class CheckpointDelete extends ProvisioningCommand {
  static override summary = 'Forget a checkpoint';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning orchestrator checkpoint delete 5f0c --yes'];
  static override args = { id: argument({ required: true, description: 'id of the checkpoint' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(CheckpointDelete);
    const api = await apiFor(this);
    const { name } = await api.get<{ name: string }>(`/rollback/checkpoints/${args.id}`);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would delete: checkpoint ${name}`);
      return;
    }
    await this.confirm(`Delete checkpoint '${name}'?`);
    await api.delete(`/rollback/checkpoints/${args.id}`);
    await this.out.result({ id: args.id, deleted: true }, () => [
      `${this.out.style.mark('ok')} Checkpoint deleted`,
    ]);
  }
}
