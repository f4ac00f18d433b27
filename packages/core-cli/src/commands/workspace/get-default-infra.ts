import { string as argument } from '@oclif/core/args';
import { workspaceInfo } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { surroundingsOf } from '../../session/surroundings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceGetDefaultInfra extends ProvisioningCommand {
  static override summary = 'Print the infrastructure commands use without --infra';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace get-default-infra demo'];
  static override args = { workspace: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceGetDefaultInfra);
    const info = await workspaceInfo(surroundingsOf(this.runtime), args.workspace!);
    const infra = info.default_infra ?? (info.infrastructures.length === 1 ? info.infrastructures[0]! : null);
    if (infra === null) {
      throw new ProvisioningError({
        code: 'NO_DEFAULT_INFRA',
        kind: 'not-found',
        message: `Workspace '${args.workspace}' has no default infrastructure`,
        hint: `Set it with: provisioning workspace set-default-infra ${args.workspace} <infra>`,
      });
    }
    await this.out.result({ workspace: args.workspace, default_infra: infra }, () => [infra]);
  }
}
