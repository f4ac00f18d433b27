import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { type CleanupType, cleanupWorkspace } from '@provisioning/core';
import { parseDuration } from '../../argv/duration.ts';
import { bytes } from '../../output/bytes.ts';
import { modeOf } from '../../session/locks.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { counted } from '../../output/counted.ts';

export default class WorkspaceCleanup extends ProvisioningCommand {
  static override summary = 'Remove caches and temporary files of a workspace';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workspace cleanup --check',
    'provisioning workspace cleanup demo --type logs --age 7d',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    type: string({
      description: 'what to remove',
      multiple: true,
      options: ['cache', 'tmp', 'runtime', 'logs', 'all'],
    }),
    age: string({ description: 'only what is older: 1d, 12h' }),
    force: boolean({ description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceCleanup);
    const workspace = await workspaceNamed(this, args.workspace);
    const cicd = (await modeOf(this)) === 'cicd';
    const types = (flags.type ?? (cicd ? ['all'] : ['cache', 'tmp'])) as CleanupType[];
    const options = {
      types,
      now: new Date(this.runtime.now()),
      ...(flags.age === undefined ? {} : { olderThan: parseDuration(flags.age, 'age', 86_400) * 1000 }),
    };
    const planned = await cleanupWorkspace(workspace.path, { ...options, check: true });
    if (this.globals.check || planned.removed.length === 0) {
      await this.out.result(planned, () => [
        ...planned.removed.map((name) => `  - ${name}`),
        planned.removed.length === 0 ? 'Nothing to clean up' : `Would free ${bytes(planned.freed)}`,
      ]);
      return;
    }
    if (!flags.force && !cicd)
      await this.confirm(`Remove ${counted(planned.removed.length, 'entry')} (${bytes(planned.freed)})?`);
    const result = await cleanupWorkspace(workspace.path, options);
    await this.out.result(result, () => [`${this.out.style.mark('ok')} Freed ${bytes(result.freed)}`]);
  }
}
