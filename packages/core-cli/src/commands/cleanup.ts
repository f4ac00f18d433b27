import { string } from '@oclif/core/flags';
import { cleanupWorkspace } from '@provisioning/core';
import { parseDuration } from '../argv/duration.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { bytes } from '../output/bytes.ts';
import { select } from '../session/workspace.ts';
import { expiredSnapshots } from '../storage/expired.ts';
import { counted } from '../output/counted.ts';

export default class Cleanup extends ProvisioningCommand {
  static override summary = 'Remove old caches, temporary files, logs and expired snapshots';
  static override description =
    'Of the workspace, and of its infrastructures where their definition says how long snapshots are kept\n(storage.backup.retention). A provider that cannot be asked keeps its snapshots, which is said.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'delete', slow: true };
  static override examples = ['provisioning cleanup --check', 'provisioning cleanup --older-than 7d --yes'];
  static override flags = {
    'older-than': string({ description: 'age of files', default: '30d' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Cleanup);
    const { path } = await select(this, 'none');
    const options = {
      types: ['cache', 'tmp', 'logs'] as const,
      olderThan: parseDuration(flags['older-than'], 'older-than', 86_400) * 1000,
      now: new Date(this.runtime.now()),
    };
    const planned = await cleanupWorkspace(path, { ...options, check: true });
    await using snapshots = await expiredSnapshots(this, path);
    const names = snapshots.list.map(({ infra, name }) => `${infra}/${name}`);
    const count = planned.removed.length + names.length;
    const document = { files: planned.removed, freed: planned.freed, snapshots: names };
    if (this.globals.check || count === 0) {
      await this.out.result({ ...(this.globals.check ? { check_mode: true } : {}), ...document }, () => [
        ...planned.removed.map((name) => `  - ${name}`),
        ...names.map((name) => `  - snapshot ${name}`),
        count === 0
          ? 'Nothing to clean up'
          : `Would free ${bytes(planned.freed)} and ${counted(names.length, 'snapshot')}`,
      ]);
      return;
    }
    for (const name of [...planned.removed, ...names.map((one) => `snapshot ${one}`)])
      this.out.progress(`  - ${name}`);
    await this.confirm(
      `Remove ${counted(count, 'entry')} (${bytes(planned.freed)}, ${counted(names.length, 'snapshot')})?`,
    );
    const done = await cleanupWorkspace(path, options);
    for (const { remove } of snapshots.list) await remove();
    await this.out.result({ ...document, freed: done.freed }, () => [
      `${this.out.style.mark('ok')} Freed ${bytes(done.freed)}, removed ${counted(names.length, 'snapshot')}`,
    ]);
  }
}
