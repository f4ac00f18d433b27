import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { watchWorkflow } from '../../live/watch.ts';
import { connectForWork } from '../../orchestrator/session.ts';
import { configurationOf, select } from '../../session/workspace.ts';
import { destructiveOperations, readWorkflow } from '../../workflow/definition.ts';
import { askHere, placed } from '../../workflow/placed.ts';
import { printPlan } from '../../workflow/plan.ts';
import { finishWatch } from '../../workflow/watching.ts';

export default class WorkflowSubmit extends ProvisioningCommand {
  static override summary = 'Hand a workflow file to the orchestrator';
  static override description =
    'The file is checked first; nothing is queued when it is wrong. --wait follows it to its end.';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workflow submit release.toml',
    'provisioning workflow submit release.toml --wait --priority 75',
    'provisioning workflow submit release.toml --check',
  ];
  static override args = { file: argument({ required: true, description: 'workflow file' }) };
  static override flags = {
    priority: string({ description: '0 to 100, higher first' }),
    'parallel-limit': string({ description: 'operations at once' }),
    strict: boolean({ description: 'warnings are errors' }),
    'idempotency-key': string({ description: 'the same key submits only once' }),
  };

  /** Kind of the submitted workflow, when the command says it. */
  protected readonly kind: WorkflowDefinition['kind'] = undefined;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowSubmit);
    const configuration = await configurationOf(this, await select(this, 'optional').catch(() => undefined));
    const workflow = {
      ...(await placed(this, await readWorkflow(args.file, this.runtime.cwd))),
      ...(this.kind === undefined ? {} : { kind: this.kind }),
      ...(flags.priority === undefined ? {} : { priority: wholeNumber('priority', flags.priority, 0, 100) }),
      ...(flags['parallel-limit'] === undefined
        ? {}
        : { parallel_limit: wholeNumber('parallel-limit', flags['parallel-limit'], 1, 100) }),
    };
    if (this.globals.check) {
      await printPlan(this, await askHere(this, 'plan', { definition: workflow, strict: flags.strict }));
      return;
    }
    const client = await connectForWork(this, configuration);
    const destructive = destructiveOperations(workflow);
    if (destructive.length > 0)
      await this.confirm(`The workflow contains ${destructive.join(', ')}. Submit it?`);
    const submission = await client.submit(workflow, {
      strict: flags.strict,
      signal: this.signal,
      idempotencyKey: flags['idempotency-key'],
    });
    // Advice on the definition; workflow validate shows it to all who ask.
    if (this.globals.verbose) for (const warning of submission.warnings ?? []) this.out.warn(warning);
    if (!this.globals.wait) {
      await this.out.result(submission, () => [`Workflow submitted: ${submission.workflow_id}`]);
      this.out.info(`Follow it: provisioning workflow status ${submission.workflow_id} --follow`);
      return;
    }
    this.out.progress(`Workflow submitted: ${submission.workflow_id}`);
    const { runtime, out } = this;
    const { interruption } = this.host;
    const result = await watchWorkflow({
      client,
      workflowId: submission.workflow_id,
      runtime,
      out,
      interruption,
      timeout: this.globals.timeout,
    });
    finishWatch(out, result);
    if (result.ended === 'detached') this.exitCode = 130;
    const record = await client.get(submission.workflow_id);
    await out.result(record, () =>
      result.ended === 'detached' ? [] : [`${out.style.mark('ok')} Workflow completed: ${record.name}`],
    );
  }
}

function wholeNumber(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --${name}: ${text}. Expected a whole number from ${minimum} to ${maximum}`,
  });
}
