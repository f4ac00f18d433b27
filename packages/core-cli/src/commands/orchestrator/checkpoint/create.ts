import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';

export default class CheckpointCreate extends ProvisioningCommand {
  static override summary = 'Remember the state of the records under a name';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning orchestrator checkpoint create before-upgrade'];
  static override args = { name: argument({ required: true, description: 'name of the checkpoint' }) };
  static override flags = { description: string({ description: 'what it is for' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointCreate);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would create: checkpoint ${args.name}`);
      return;
    }
    const api = await apiFor(this);
    const { description } = flags;
    const id = await api.post<string>('/rollback/checkpoints', { name: args.name, description });
    await this.out.result({ id, name: args.name }, () => [
      `${this.out.style.mark('ok')} Checkpoint created: ${id}`,
    ]);
  }
}
