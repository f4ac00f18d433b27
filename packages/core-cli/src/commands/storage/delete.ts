import { string as argument } from '@oclif/core/args';
import { planStorageRemoval } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class StorageDelete extends ProvisioningCommand {
  static override summary = 'Delete volumes with what is on them, and empty buckets';
  static override description =
    'A volume that a server uses and a bucket that holds objects are refused. What is still defined is made again, empty, by\nstorage create.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete', slow: true };
  static override examples = ['provisioning storage delete data-01 --check'];
  static override args = {
    name: argument({ required: true, multiple: true, description: 'names of volumes or buckets' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(StorageDelete);
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    const names = args.name as unknown as string[];
    await carryOut(this, session, await planStorageRemoval(context, infrastructure, names), {
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
