import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { orchestratorHealth } from '../../orchestrator/control.ts';
import { settingsFor } from '../../orchestrator/session.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf, select } from '../../session/workspace.ts';
import { nearest } from '../../status/checks.ts';

const megabytes = (bytes: number): number => Math.round(bytes / 1024 ** 2);

export default class SystemResources extends ProvisioningCommand {
  static override summary = 'Show processors, memory and disk, and what the platform uses of them';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning system resources', 'provisioning system resources --out json'];

  async run(): Promise<void> {
    await this.parse(SystemResources);
    const { data } = userDirectories(surroundingsOf(this.runtime));
    const { bavail, blocks, bsize } = await statfs(await nearest(data));
    const processes = await this.#processes();
    const result = {
      cpu: { count: availableParallelism(), load_1m: Number(loadavg()[0]!.toFixed(2)) },
      memory: { total_mb: megabytes(totalmem()), free_mb: megabytes(freemem()) },
      disk: { path: data, total_mb: megabytes(blocks * bsize), free_mb: megabytes(bavail * bsize) },
      processes,
    };
    const { cpu, memory, disk } = result;
    await this.out.result(result, () => [
      `CPU:     ${cpu.count} processors, load ${cpu.load_1m}`,
      `Memory:  ${memory.free_mb} MB free of ${memory.total_mb} MB`,
      `Disk:    ${disk.free_mb} MB free of ${disk.total_mb} MB (${disk.path})`,
      ...processes.map(({ name, pid, memory_mb }) => `Process: ${name} (${pid}), ${memory_mb ?? '?'} MB`),
      ...(processes.length === 0 ? ['Process: none of the platform is running'] : []),
    ]);
  }

  /** The platform's own processes; memory is known where /proc is. */
  async #processes(): Promise<{ name: string; pid: number; memory_mb: number | null }[]> {
    const selection = await select(this, 'optional').catch(() => undefined);
    const settings = await settingsFor(this, await configurationOf(this, selection));
    const pid = (await orchestratorHealth(settings, 1000))?.pid;
    if (pid === undefined) return [];
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
    const memory_mb = kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
    return [{ name: 'orchestrator', pid, memory_mb }];
  }
}
