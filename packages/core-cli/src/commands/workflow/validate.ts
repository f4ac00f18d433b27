import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import type { ValidationResult } from '@provisioning/client';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { askHere, placed } from '../../workflow/placed.ts';
import { readWorkflow } from '../../workflow/definition.ts';
import { printValidation } from '../../workflow/validation.ts';

export default class WorkflowValidate extends ProvisioningCommand {
  static override summary = 'Check a workflow file; nothing is queued';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workflow validate release.toml',
    'provisioning workflow validate release.toml --strict',
  ];
  static override args = { file: argument({ required: true, description: 'workflow file' }) };
  static override flags = { strict: boolean({ description: 'warnings are errors' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowValidate);
    const workflow = await readWorkflow(args.file, this.runtime.cwd);
    const request = { definition: await placed(this, workflow), strict: flags.strict };
    await printValidation(this, await askHere<ValidationResult>(this, 'validate', request), flags.strict);
  }
}
