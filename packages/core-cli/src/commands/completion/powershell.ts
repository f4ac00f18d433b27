import { completionScript } from '../../completion/scripts.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CompletionPowershell extends ProvisioningCommand {
  static override summary = 'Print the completion script for powershell';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning completion powershell'];

  async run(): Promise<void> {
    await this.parse(CompletionPowershell);
    await this.out.raw(completionScript('powershell'));
  }
}
