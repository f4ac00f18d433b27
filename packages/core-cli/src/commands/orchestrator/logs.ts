import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { isOfLevel, type LogLevel, readEntry } from '../../log/entries.ts';
import { followLogs, lastLines } from '../../log/log-file.ts';
import { logFile } from '../../orchestrator/control.ts';
import { settingsFor } from '../../orchestrator/session.ts';
import { logFlags, showWorkflowLog } from '../../workflow/log.ts';

export default class OrchestratorLogs extends ProvisioningCommand {
  static override summary = 'Show the log of the orchestrator, or of one task';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning orchestrator logs --tail 100',
    'provisioning orch logs --follow --level warn',
    'provisioning orch logs --task 0195e3a0',
  ];
  static override flags = { ...logFlags, task: string({ description: 'the log of this task' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorLogs);
    const { task, tail = 50, level, follow } = flags;
    if (task !== undefined) return showWorkflowLog(this, task, { tail, level, follow });
    const file = logFile(await settingsFor(this));
    const keep = (line: string): boolean =>
      isOfLevel(readEntry('orchestrator', line), level as LogLevel | undefined);
    const lines = (await lastLines(file, level === undefined ? tail : Infinity)).filter(keep).slice(-tail);
    await this.out.result(lines, () => (lines.length === 0 ? ['No log lines found'] : lines));
    if (!follow) return;
    await followLogs(this, [file], (line) => {
      if (keep(line)) this.runtime.stdout.write(`${line}\n`);
    });
  }
}
