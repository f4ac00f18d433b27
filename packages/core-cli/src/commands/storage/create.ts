import { planStorage } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class StorageCreate extends ProvisioningCommand {
  static override summary = 'Create the volumes and buckets of the infrastructure; what is there is reused';
  static override description =
    'Volumes are attached to the server they name. One that is too small grows; none shrinks.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'create', slow: true };
  static override examples = ['provisioning storage create --check', 'provisioning storage create --yes'];

  async run(): Promise<void> {
    await this.parse(StorageCreate);
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    await carryOut(this, session, await planStorage(context, infrastructure), {
      name: `storage create ${infrastructure.name}`,
      command: 'storage.create',
      nothing: 'Nothing to do: volumes and buckets are as defined',
      done: `Storage of ${infrastructure.name} is as defined`,
      question: `Change the storage of ${infrastructure.name}?`,
      confirm: session.configuration.get('preferences.confirm_deploy') !== false,
    });
  }
}
