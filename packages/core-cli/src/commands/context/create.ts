import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { createNamedContext, listContexts } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { openConfiguration } from '../../session/workspace.ts';

export default class ContextCreate extends ProvisioningCommand {
  static override summary = 'Name the present choice of workspace, infrastructure and environment';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning context create staging -ws shop:web --environment staging',
    'provisioning context create copy --from staging',
  ];
  static override args = { name: argument({ required: true, description: 'name of the context' }) };
  static override flags = { from: string({ description: 'copy this context' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextCreate);
    const surroundings = surroundingsOf(this.runtime);
    const source =
      flags.from === undefined
        ? undefined
        : (await listContexts(surroundings)).find(({ name }) => name === flags.from);
    if (flags.from !== undefined && source === undefined) {
      throw new ProvisioningError({
        code: 'CONTEXT_NOT_FOUND',
        kind: 'not-found',
        message: `Context '${flags.from}' not found`,
        hint: 'List them with: provisioning context list',
      });
    }
    const context = { ...(source ?? (await this.#current())), name: args.name! };
    if (!this.globals.check) await createNamedContext(surroundings, context);
    await this.out.result(context, () => [
      `${this.globals.check ? 'Would create' : `${this.out.style.mark('ok')} Created`} context '${context.name}': ${context.workspace}${context.infra === undefined ? '' : `:${context.infra}`}${context.environment === undefined ? '' : ` (${context.environment})`}`,
    ]);
  }

  async #current(): Promise<{ workspace: string; infra?: string; environment?: string }> {
    const { selection, configuration } = await openConfiguration(this);
    if (selection === undefined) {
      throw new ProvisioningError({
        code: 'WORKSPACE_REQUIRED',
        kind: 'configuration',
        message: 'A context names a workspace, and none is selected',
        hint: 'Choose one with --workspace.',
      });
    }
    const { environment } = configuration;
    return {
      workspace: selection.name,
      ...(selection.infra === undefined ? {} : { infra: selection.infra }),
      ...(environment === 'local' ? {} : { environment }),
    };
  }
}
