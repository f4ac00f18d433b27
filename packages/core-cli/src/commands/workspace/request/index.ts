import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../../argv/duration.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { openRequests, requestLines } from '../../../session/requests.ts';
import { configurationOf, workspaceNamed } from '../../../session/workspace.ts';

export default class WorkspaceRequest extends ProvisioningCommand {
  static override summary = 'Ask for permission to lock a workspace (enterprise)';
  static override description =
    'One member of each team of locking.approvals has to approve; a pending request ends after 24 hours.';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workspace request demo --reason "database upgrade" --duration 4h',
    'provisioning workspace request demo --wait',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    reason: string({ description: 'what for', default: '' }),
    duration: string({ description: 'how long the approval is valid', default: '24h' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceRequest);
    const workspace = await workspaceNamed(this, args.workspace);
    const { requests, teams, user, now } = await openRequests(this, await configurationOf(this, workspace));
    const duration = parseDuration(flags.duration, 'duration', 3600) * 1000;
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would request: ${workspace.name} for ${user}, from ${Object.keys(teams).join(', ')}`);
      return;
    }
    let request = await requests.create(
      { workspace: workspace.name, user, reason: flags.reason, duration, teams },
      now,
    );
    if (this.globals.wait === true) {
      this.out.progress(`Waiting for the approval of ${request.id}`);
      const until = Date.now() + (this.globals.timeout ?? 86_400) * 1000;
      for (
        let pause = 500;
        request.state === 'pending' && Date.now() < until;
        pause = Math.min(pause * 2, 10_000)
      ) {
        await delay(pause, undefined, { signal: this.signal });
        request = await requests.get(request.id, new Date(this.runtime.now()));
      }
    }
    await this.out.result(request, () => [
      `${this.out.style.mark('ok')} Request ${request.id}: ${request.state}`,
      ...requestLines(request).slice(1),
    ]);
    if (request.state === 'denied' || request.state === 'expired') this.exitCode = 4;
  }
}
