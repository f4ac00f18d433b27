import type { TaskservStatus as Status } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { lookAt } from '../../taskserv/look.ts';
import { taskservArguments, taskservFlags } from '../../taskserv/targets.ts';

export default class TaskservStatus extends ProvisioningCommand {
  static override summary = 'Show how taskservs stand on their servers';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning taskserv status redis',
    'provisioning taskserv status postgres db-01 --out json',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservStatus);
    const rows = await lookAt(this, args.taskserv ?? [], flags);
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.service },
        { title: 'SERVER', value: (row) => row.target },
        { title: 'VERSION', value: (row) => row.version },
        { title: 'STATUS', value: (row) => row.status, paint },
        { title: 'SYSTEMD', value: (row) => row.systemd_status },
        { title: 'UPTIME', value: (row) => (row.uptime === null ? null : `${row.uptime}s`) },
        { title: 'MEMORY', value: (row) => megabytes(row.memory_usage) },
        { title: 'CPU', value: (row) => (row.cpu_usage === null ? null : `${row.cpu_usage}s`) },
      ],
      'taskservs',
    );
  }
}

function paint(text: string, { status }: Status, style: ProvisioningCommand['out']['style']): string {
  if (status === 'running' || status === 'installed') return style.good(text);
  return status === 'degraded' || status === 'failed' ? style.bad(text) : style.dim(text);
}

function megabytes(bytes: number | null): string | null {
  return bytes === null ? null : `${Math.round(bytes / 1_048_576)} MB`;
}
