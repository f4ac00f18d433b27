import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { recordForcedRelease, releaseLock } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { lockPlace, locksOf, modeOf } from '../../session/locks.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf, workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceUnlock extends ProvisioningCommand {
  static override summary = 'Release a lock of a workspace';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workspace unlock demo',
    'provisioning workspace unlock demo --id 42 --force --reason holder-left',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    id: string({ description: 'lock; default your own' }),
    force: boolean({ description: 'also the lock of another; needs a reason and is recorded' }),
    reason: string({ description: 'why, with --force' }),
    provider: string({ description: 'where it is kept', options: ['local', 'redis', 'gitea', 'etcd'] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceUnlock);
    const workspace = await workspaceNamed(this, args.workspace);
    const mode = await modeOf(this);
    const configuration = await configurationOf(this, workspace);
    const provider = lockPlace(mode, configuration, flags.provider);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would unlock: ${workspace.name} (${provider})`);
      return;
    }
    if (flags.force && mode !== 'solo') {
      throw new ProvisioningError({
        code: 'ADMIN_REQUIRED',
        kind: 'permission',
        message:
          'Releasing the lock of another by force needs the Admin role, and no identity service is configured',
        hint: 'Ask its owner to release it, or wait until it expires.',
      });
    }
    const surroundings = surroundingsOf(this.runtime);
    await using locks = locksOf(this, configuration, provider);
    const lock = await releaseLock({
      surroundings,
      workspace,
      provider: locks.provider,
      force: flags.force,
      id: flags.id,
      reason: flags.reason,
    });
    if (flags.force) await recordForcedRelease(surroundings, workspace, lock, flags.reason!);
    await this.out.result(lock, () => [
      `${this.out.style.mark('ok')} Lock ${lock.id} of workspace ${workspace.name} released`,
    ]);
  }
}
