import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { withInfrastructureLock } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { refreshServers } from '../../server/refresh.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { listSnapshots, snapshotServers } from '../../storage/snapshots.ts';

export default class StorageRestore extends ProvisioningCommand {
  static override summary = 'Put servers back to a snapshot; what came after it is lost';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning storage restore --backup latest --check',
    'provisioning storage restore db-01 --backup 20261123-131500 --yes',
  ];
  static override args = {
    server: argument({ multiple: true, description: 'hostnames; default all of the backup' }),
  };
  static override flags = {
    backup: string({ description: 'latest, or the name that storage backup said', default: 'latest' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StorageRestore);
    await using session = await openInfrastructure(this);
    const { out } = this;
    const servers = await snapshotServers(session, args.server as string[] | undefined);
    const there = new Set(servers.map(({ hostname }) => hostname));
    const all = (await listSnapshots(servers)).filter(({ server }) => there.has(server));
    const backup = flags.backup === 'latest' ? all[0]?.backup : flags.backup;
    const chosen = all.filter((one) => one.backup === backup);
    if (chosen.length === 0) {
      const known = [...new Set(all.map((one) => one.backup))];
      throw new ProvisioningError({
        code: 'BACKUP_NOT_FOUND',
        kind: 'not-found',
        message: `Backup not found: ${flags.backup}`,
        hint: known.length === 0 ? 'Make one: provisioning storage backup' : `Backups: ${known.join(', ')}`,
      });
    }
    const names = chosen.map(({ server }) => server);
    if (this.globals.check) {
      await out.result({ check_mode: true, backup, servers: names }, () => [
        `${out.style.mark('warning')} Check mode: No changes will be made`,
        ...chosen.map(({ server, created_at }) => `Would put ${server} back to ${created_at}`),
      ]);
      return;
    }
    const production = session.infrastructure.environment === 'production';
    await this.confirm(`Put ${names.join(', ')} back to ${backup}? What came after it is lost.`, {
      inFull: production,
    });
    await withInfrastructureLock(session.context, async () => {
      for (const { server, id } of chosen) {
        out.progress(`Restoring ${server}...`);
        await servers.find(({ hostname }) => hostname === server)!.snapshot.restore(id);
      }
      await refreshServers(session);
    });
    await out.result({ backup, servers: names, status: 'restored' }, () => [
      `${out.style.mark('ok')} Restored ${names.join(', ')} from ${backup}`,
    ]);
  }
}
