import { string } from '@oclif/core/flags';
import { requestStates } from '@provisioning/core';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { openRequests } from '../../../session/requests.ts';

export default class WorkspaceRequestList extends ProvisioningCommand {
  static override summary = 'List the requests for workspaces (enterprise)';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace request list --status pending'];
  static override flags = {
    status: string({ description: 'only those in this state', options: [...requestStates] }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkspaceRequestList);
    const { requests, now } = await openRequests(this);
    const found = await requests.list(now);
    await this.out.list(
      found.filter(({ state }) => flags.status === undefined || state === flags.status),
      [
        { title: 'ID', value: (row) => row.id },
        { title: 'WORKSPACE', value: (row) => row.workspace },
        { title: 'USER', value: (row) => row.user },
        { title: 'STATE', value: (row) => row.state },
        { title: 'REASON', value: (row) => row.reason },
        { title: 'EXPIRES', value: (row) => row.expires_at },
      ],
      'requests',
    );
  }
}
