import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { connectForWork } from '../../session/orchestrator.ts';
import { configurationOf, select } from '../../session/workspace.ts';
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
    const configuration = await configurationOf(this, await select(this, 'optional').catch(() => undefined));
    const client = await connectForWork(this, configuration);
    await printValidation(this, await client.validate(workflow, { strict: flags.strict }), flags.strict);
  }
}
