import { completionScript } from '../../completion/scripts.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CompletionZsh extends ProvisioningCommand {
  static override summary = 'Print the completion script for zsh';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning completion zsh'];

  async run(): Promise<void> {
    await this.parse(CompletionZsh);
    await this.out.raw(completionScript('zsh'));
  }
}
