import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { followLogs, lastLines } from '../../log/log-file.ts';
import { logFile } from '../../orchestrator/control.ts';
import { settingsFor } from '../../orchestrator/session.ts';

export default class OrchestratorLogs extends ProvisioningCommand {
  static override summary = 'Show the log of the orchestrator';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator logs --tail 100', 'provisioning orch logs --follow'];
  static override flags = {
    follow: boolean({ char: 'f', description: 'go on with new lines until Ctrl-C' }),
    tail: string({ description: 'lines from the end', default: '50' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorLogs);
    const settings = await settingsFor(this);
    const lines = await lastLines(logFile(settings), Math.max(0, Number.parseInt(flags.tail, 10) || 0));
    await this.out.result(lines, () => (lines.length === 0 ? ['No log lines found'] : lines));
    if (flags.follow)
      await followLogs(this, [logFile(settings)], (line) => this.runtime.stdout.write(`${line}\n`));
  }
}
