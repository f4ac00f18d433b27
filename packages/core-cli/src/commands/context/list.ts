import { listContexts } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ContextList extends ProvisioningCommand {
  static override summary = 'List the named contexts';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning context list'];

  async run(): Promise<void> {
    await this.parse(ContextList);
    await this.out.list(
      await listContexts(surroundingsOf(this.runtime)),
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'WORKSPACE', value: (row) => row.workspace },
        { title: 'INFRA', value: (row) => row.infra },
        { title: 'ENVIRONMENT', value: (row) => row.environment },
      ],
      'contexts',
    );
  }
}
