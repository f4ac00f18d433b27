import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { acquireLock, checkLockCommand, type LockType, modeLocks, requireApproval } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseDuration } from '../../argv/duration.ts';
import { lockPlace, locksOf, modeOf } from '../../session/locks.ts';
import { openRequests } from '../../session/requests.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf, workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceLock extends ProvisioningCommand {
  static override summary = 'Lock a workspace until you unlock it';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workspace lock demo --operation "Upgrading the database"',
    'provisioning workspace lock demo --type read --expiry 30m --wait',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    type: string({
      description: 'read stands beside other read locks',
      options: ['read', 'write', 'deploy'],
      default: 'write',
    }),
    operation: string({ description: 'what for', default: 'locked by command' }),
    expiry: string({ description: 'when it ends by itself: a time or a duration (8h)' }),
    provider: string({ description: 'where it is kept', options: ['local', 'redis', 'gitea', 'etcd'] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceLock);
    const workspace = await workspaceNamed(this, args.workspace);
    const mode = await modeOf(this);
    const configuration = await configurationOf(this, workspace);
    checkLockCommand(mode, flags.provider ?? modeLocks[mode].provider);
    const provider = lockPlace(mode, configuration, flags.provider);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would lock: ${workspace.name} (${flags.type}, ${provider})`);
      return;
    }
    if (mode === 'enterprise') {
      const { requests, teams, user, now } = await openRequests(this, configuration);
      requireApproval(await requests.list(now), { user, workspace: workspace.name, teams }, now);
    }
    await using locks = locksOf(this, configuration, provider);
    const lock = await acquireLock({
      surroundings: surroundingsOf(this.runtime),
      workspace,
      type: flags.type as LockType,
      operation: flags.operation,
      provider: locks.provider,
      wait: this.globals.wait === true ? (this.globals.timeout ?? 300) * 1000 : 0,
      signal: this.signal,
      ...(flags.expiry === undefined ? {} : { life: lifeOf(flags.expiry, this.runtime.now()) }),
    });
    await this.out.result(lock, () => [
      `${this.out.style.mark('ok')} Lock acquired for workspace: ${workspace.name}`,
      `Lock ID: ${lock.id}`,
      `Type: ${lock.type}`,
      `User: ${lock.user}`,
      `Expires: ${lock.expires_at}`,
    ]);
  }
}

/** `--expiry`: a time, or how long from now; milliseconds. */
function lifeOf(text: string, now: number): number {
  const end = /^\d{4}-\d{2}-\d{2}T/.test(text)
    ? Date.parse(text)
    : now + parseDuration(text, 'expiry', 3600) * 1000;
  if (Number.isFinite(end) && end > now) return end - now;
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --expiry: ${text}. Expected a time to come or a duration: 8h, 30m`,
  });
}
