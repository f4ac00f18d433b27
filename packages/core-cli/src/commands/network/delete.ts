import { string as argument } from '@oclif/core/args';
import { planNetworkRemoval } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class NetworkDelete extends ProvisioningCommand {
  static override summary =
    'Delete networks and load balancers of the infrastructure; a network that servers use is refused';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete', slow: true };
  static override examples = ['provisioning network delete main --check'];
  static override args = {
    name: argument({ required: true, multiple: true, description: 'names of networks or load balancers' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(NetworkDelete);
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    const names = args.name as unknown as string[];
    await carryOut(this, session, await planNetworkRemoval(context, infrastructure, names), {
      name: `network delete ${infrastructure.name}`,
      command: 'network.delete',
      nothing: 'Nothing to delete',
      done: `Deleted ${names.join(', ')}`,
      question: `Delete ${names.join(', ')}?`,
      confirm: true,
      destructive: true,
    });
  }
}
