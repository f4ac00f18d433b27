import { boolean } from '@oclif/core/flags';
import { optimizeCost } from '../../cost/optimize.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CostOptimize extends ProvisioningCommand {
  static override summary = 'Show what would save money; --apply does it, after a question for each';
  static override description =
    'What is unused is deleted, servers that need less get a smaller plan. The definition stays as it is: change it too, or\nthe next deploy brings things back.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'delete', slow: true };
  static override examples = ['provisioning cost optimize', 'provisioning cost optimize --apply'];
  static override flags = { apply: boolean({ description: 'resize and delete' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(CostOptimize);
    await optimizeCost(this, flags.apply && !this.globals.check);
  }
}
