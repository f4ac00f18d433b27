import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';

export default class ContextShow extends ProvisioningCommand {
  static override summary = 'Show the workspace, infrastructure and environment that commands use now';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning context'];

  async run(): Promise<void> {
    await this.parse(ContextShow);
    const { configuration, selection } = await openConfiguration(this);
    const current = {
      workspace: selection?.name ?? null,
      infra: selection?.infra ?? null,
      environment: configuration.environment,
      chosen_by: selection?.by ?? null,
    };
    await this.out.result(current, () => [
      `Workspace:    ${current.workspace ?? '(none)'}`,
      `Infra:        ${current.infra ?? '(none)'}`,
      `Environment:  ${current.environment}`,
      ...(current.chosen_by === null ? [] : [`Chosen by:    ${current.chosen_by}`]),
    ]);
  }
}
