import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import type { OrchestratorClient } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { connect } from '../../orchestrator/session.ts';
import { select } from '../../session/workspace.ts';
import { newestWorkflow } from '../../workflow/watching.ts';
import { counted } from '../../output/counted.ts';

export default class WorkflowCancel extends ProvisioningCommand {
  static override summary = 'Cancel a workflow; what it has done stays unless --rollback';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workflow cancel 0195e3a0',
    'provisioning workflow cancel 0195e3a0 --rollback --yes',
  ];
  static override args = { id: argument({ description: 'id of the workflow' }) };
  static override flags = {
    rollback: boolean({ description: 'undo what it has done' }),
    all: boolean({ description: 'every workflow that has not ended, of the workspace when there is one' }),
  };

  /** Only workflows of this kind are meant when no id is given. */
  protected readonly kind: string | undefined = undefined;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowCancel);
    const { client } = await connect(this);
    if (flags.all) {
      await this.#cancelAll(client, flags.rollback);
      return;
    }
    if (args.id === undefined) throw missingId();
    const id = await newestWorkflow(client, args.id, this.kind);
    const { name } = await client.get(id);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would cancel: ${name} (${id})`);
      return;
    }
    await this.confirm(`Cancel workflow '${name}'${flags.rollback ? ' and undo what it has done' : ''}?`);
    await client.cancel(id, { rollback: flags.rollback, signal: this.signal });
    await this.out.result({ id, cancelled: true }, () => [
      `${this.out.style.mark('ok')} Workflow ${id} cancelled`,
    ]);
  }

  async #cancelAll(client: OrchestratorClient, rollback: boolean): Promise<void> {
    const selection = await select(this, 'optional').catch(() => undefined);
    const active = await client.list({
      status: ['pending', 'running'],
      limit: 1000,
      ...(selection === undefined ? {} : { workspace: selection.name }),
      ...(this.kind === undefined ? {} : { kind: this.kind }),
    });
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      for (const { id, name } of active) this.out.line(`Would cancel: ${name} (${id})`);
      return;
    }
    if (active.length > 0) await this.confirm(`Cancel ${counted(active.length, 'workflow')}?`);
    const ids = active.map(({ id }) => id);
    for (const id of ids) await client.cancel(id, { rollback, signal: this.signal });
    await this.out.result({ cancelled: ids }, () => [
      `${this.out.style.mark('ok')} ${counted(ids.length, 'workflow')} cancelled`,
    ]);
  }
}

function missingId(): ProvisioningError {
  return new ProvisioningError({
    code: 'MISSING_ARGUMENT',
    kind: 'usage',
    message: 'Missing required argument: id',
    hint: 'Give the id of a workflow, or --all',
  });
}
