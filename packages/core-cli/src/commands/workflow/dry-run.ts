import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { readWorkflow } from '../../workflow/definition.ts';
import { askHere, placed } from '../../workflow/placed.ts';
import { printPlan } from '../../workflow/plan.ts';

export default class WorkflowDryRun extends ProvisioningCommand {
  static override summary = 'Show in which order a workflow file would run and what it would change';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workflow dry-run release.toml'];
  static override args = { file: argument({ required: true, description: 'workflow file' }) };
  static override flags = { strict: boolean({ description: 'warnings are errors' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowDryRun);
    const definition = await placed(this, await readWorkflow(args.file, this.runtime.cwd));
    await printPlan(this, await askHere(this, 'plan', { definition, strict: flags.strict }));
  }
}
