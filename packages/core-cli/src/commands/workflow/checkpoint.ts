import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';
import { connect } from '../../orchestrator/session.ts';
import { newestWorkflow } from '../../workflow/watching.ts';

export default class WorkflowCheckpoint extends ProvisioningCommand {
  static override summary = 'Show the newest checkpoint of a workflow';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workflow checkpoint 0195e3a0 --output checkpoint.json'];
  static override args = { id: argument({ description: 'id of the workflow; default the newest' }) };
  static override flags = { output: string({ description: 'file that gets it as JSON' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowCheckpoint);
    const { client } = await connect(this);
    const id = await newestWorkflow(client, args.id);
    const api = await apiFor(this);
    const newest = (await api.get<object[]>(`/workflows/${id}/checkpoints`)).at(-1);
    if (newest === undefined) {
      throw new ProvisioningError({
        code: 'CHECKPOINT_NOT_FOUND',
        kind: 'not-found',
        message: `Workflow ${id} has no checkpoint yet`,
        hint: 'The first one is made when an operation has completed',
      });
    }
    const text = `${JSON.stringify(newest, undefined, 2)}\n`;
    if (flags.output !== undefined) await writeFile(resolve(this.runtime.cwd, flags.output), text);
    await this.out.result(newest, () =>
      flags.output === undefined
        ? text.trimEnd().split('\n')
        : [`${this.out.style.mark('ok')} ${flags.output}`],
    );
  }
}
