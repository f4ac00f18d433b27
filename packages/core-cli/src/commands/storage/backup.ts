import { string as argument } from '@oclif/core/args';
import { withInfrastructureLock } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { type ServerSnapshot, snapshotServers, stampOf } from '../../storage/snapshots.ts';
import { counted } from '../../output/counted.ts';

export default class StorageBackup extends ProvisioningCommand {
  static override summary = 'Take a snapshot of every server at its provider';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'create', slow: true };
  static override examples = ['provisioning storage backup', 'provisioning storage backup db-01'];
  static override args = {
    server: argument({ multiple: true, description: 'hostnames; default all that exist' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(StorageBackup);
    await using session = await openInfrastructure(this);
    const { out } = this;
    const servers = await snapshotServers(session, args.server as string[] | undefined);
    const stamp = stampOf(session.context.now());
    const names = servers.map(({ hostname }) => hostname);
    if (this.globals.check) {
      await out.result({ check_mode: true, backup: stamp, servers: names }, () => [
        `${out.style.mark('warning')} Check mode: No changes will be made`,
        ...names.map((name) => `Would take a snapshot of ${name}`),
      ]);
      return;
    }
    const taken: Omit<ServerSnapshot, 'created_at'>[] = [];
    await withInfrastructureLock(session.context, async () => {
      for (const { hostname, provider, snapshot } of servers) {
        out.progress(`Taking a snapshot of ${hostname}...`);
        const name = `${hostname}-${stamp}`;
        const { id } = await snapshot.create({ hostname }, name);
        taken.push({ server: hostname, provider, id, name });
      }
    });
    await out.result({ backup: stamp, snapshots: taken }, () => [
      `${out.style.mark('ok')} Backup ${stamp}: ${counted(taken.length, 'snapshot')}`,
    ]);
    await this.next(`provisioning storage restore --backup ${stamp}`);
  }
}
