import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { listLocks, workspaceStatus } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { bytes } from '../../output/bytes.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { counted } from '../../output/counted.ts';

export default class WorkspaceStatus extends ProvisioningCommand {
  static override summary = 'Show version, locks, git state and sizes of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace status',
    'provisioning workspace status demo --detailed',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = { detailed: boolean({ description: 'sizes and locks too' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceStatus);
    const workspace = await workspaceNamed(this, args.workspace);
    const surroundings = surroundingsOf(this.runtime);
    const status = await workspaceStatus(surroundings, workspace, this.host.catalogue.version);
    const locks = flags.detailed ? await listLocks(surroundings, workspace) : [];
    await this.out.result(flags.detailed ? { ...status, held: locks } : status, () => [
      this.out.style.strong(status.name),
      `  Path:             ${status.path}`,
      `  Compatibility:    ${status.compatibility}`,
      `  Locks:            ${status.locks}`,
      `  Git:              ${status.git === null ? 'no repository' : `${status.git.commit.slice(0, 12)}${status.git.dirty ? ' (changed)' : ''}`}`,
      `  Infrastructures:  ${status.infrastructures.map(({ name, servers }) => `${name} (${counted(servers, 'server')})`).join(', ') || '(none)'}`,
      ...(flags.detailed
        ? [
            ...Object.entries(status.sizes).map(([name, size]) => `  ${name}: ${bytes(size)}`),
            ...locks.map(
              (lock) => `  lock ${lock.id}: ${lock.type} by ${lock.user}@${lock.host}, ${lock.operation}`,
            ),
          ]
        : []),
    ]);
  }
}
