import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';

export default class CheckpointRestore extends ProvisioningCommand {
  static override summary = 'Put the records back to a checkpoint; no resource is touched';
  static override spec: CommandSpec = { access: 'a', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning orchestrator checkpoint restore 5f0c --yes'];
  static override args = { id: argument({ required: true, description: 'id of the checkpoint' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(CheckpointRestore);
    const api = await apiFor(this);
    const found = await api.get<{ name: string; created_at: string }>(`/rollback/checkpoints/${args.id}`);
    const what = `the records as of ${found.created_at} (${found.name})`;
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would restore: ${what}`);
      return;
    }
    await this.confirm(`Restore ${what}?`);
    const message = await api.post<string>(`/rollback/restore/${args.id}`);
    await this.out.result({ id: args.id, restored: true }, () => [`${this.out.style.mark('ok')} ${message}`]);
  }
}
