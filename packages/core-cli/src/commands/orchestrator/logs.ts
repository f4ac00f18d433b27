import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { followFile } from '../../orchestrator/follow-file.ts';
import { lastLogLines, logFile } from '../../orchestrator/control.ts';
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
    const lines = await lastLogLines(settings, Math.max(0, Number.parseInt(flags.tail, 10) || 0));
    await this.out.result(lines, () => (lines.length === 0 ? ['No log lines found'] : lines));
    if (!flags.follow) return;
    const stop = new AbortController();
    this.host.interruption.onInterrupt(() => stop.abort());
    await followFile(logFile(settings), (line) => this.runtime.stdout.write(`${line}\n`), stop.signal);
  }
}
