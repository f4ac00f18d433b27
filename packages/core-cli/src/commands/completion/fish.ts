import { completionScript } from '../../completion/scripts.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CompletionFish extends ProvisioningCommand {
  static override summary = 'Print the completion script for fish';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning completion fish'];

  async run(): Promise<void> {
    await this.parse(CompletionFish);
    await this.out.raw(completionScript('fish'));
  }
}
