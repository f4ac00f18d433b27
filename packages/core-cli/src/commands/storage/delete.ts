import { string as argument } from '@oclif/core/args';
import { planVolumeRemoval } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class StorageDelete extends ProvisioningCommand {
  static override summary = 'Delete volumes with what is on them';
  static override description =
    'Refused while a server uses one. A volume that is still defined is made again, empty, by storage create.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete', slow: true };
  static override examples = ['provisioning storage delete data-01 --check'];
  static override args = {
    volume: argument({ required: true, multiple: true, description: 'names of volumes' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(StorageDelete);
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    const names = args.volume as unknown as string[];
    await carryOut(this, session, await planVolumeRemoval(context, infrastructure, names), {
      name: `storage delete ${infrastructure.name}`,
      command: 'storage.delete',
      nothing: 'Nothing to delete',
      done: `Deleted ${names.join(', ')}`,
      question: `Delete ${names.join(', ')} with what is on them?`,
      confirm: true,
      destructive: true,
    });
  }
}
