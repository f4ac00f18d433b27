import { resolve } from 'node:path';
import { string } from '@oclif/core/flags';
import {
  backupFile,
  backupTaskserv,
  taskservManifests,
  type TaskservBackup as BackupRecord,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

import { placed } from '../../taskserv/placed.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservBackup extends ProvisioningCommand {
  static override summary = 'Back up the data of a taskserv';
  static override description =
    'Into the folder backups of the workspace, compressed, with its SHA-256 beside it. Databases are dumped while they run; other services stop while their data is read.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create' };
  static override examples = [
    'provisioning taskserv backup postgres',
    'provisioning taskserv backup redis cache-01 --output /srv/redis.rdb.gz',
  ];
  static override args = taskservArguments;
  static override flags = { ...taskservFlags, output: string({ description: 'file instead' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservBackup);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags);
    const places = await placed(session, targets);
    if (flags.output !== undefined && places.length > 1) {
      throw new ProvisioningError({
        code: 'INVALID_OPTION_VALUE',
        kind: 'usage',
        message: `--output goes with one taskserv on one server; here are ${places.length}`,
      });
    }
    const manifests = await taskservManifests(session.project.extensions);
    const { context } = session;
    const results: BackupRecord[] = [];
    for (const { server, use, references } of places) {
      const several = places.filter((one) => one.use.name === use.name).length > 1;
      const file =
        flags.output === undefined
          ? await backupFile(
              context,
              use.name,
              several ? server.hostname : undefined,
              manifests.get(use.name)?.backup_format,
            )
          : resolve(this.runtime.cwd, flags.output);
      if (this.globals.check) {
        results.push({ service: use.name, target: server.hostname, file, size: 0, sha256: '' });
        continue;
      }
      this.out.progress(`Backing up ${use.name} on ${server.hostname}...`);
      results.push(await backupTaskserv(context, server, use, references, file));
    }
    const { style } = this.out;
    await this.out.result(results, () =>
      results.map(({ service, target, file, size }) =>
        this.globals.check
          ? `Would back up ${service} on ${target} to ${file}`
          : `${style.mark('ok')} Saved to: ${file} (${sizeText(size)}, ${service} on ${target})`,
      ),
    );
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1_048_576) return `${Math.ceil(bytes / 1024)} kB`;
  return bytes < 1_073_741_824
    ? `${(bytes / 1_048_576).toFixed(1)} MB`
    : `${(bytes / 1_073_741_824).toFixed(1)} GB`;
}
