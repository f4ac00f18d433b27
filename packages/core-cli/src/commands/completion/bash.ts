import { completionScript } from '../../completion/scripts.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CompletionBash extends ProvisioningCommand {
  static override summary = 'Print the completion script for bash';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning completion bash'];

  async run(): Promise<void> {
    await this.parse(CompletionBash);
    await this.out.raw(completionScript('bash'));
  }
}
