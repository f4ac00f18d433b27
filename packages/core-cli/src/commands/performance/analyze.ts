import { integer } from '@oclif/core/flags';
import { readSamples, usualLoad } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

/** Percent from which on a server is short of something. */
const high = 85;
/** Percent below which it has too much. */
const low = 40;

export default class PerformanceAnalyze extends ProvisioningCommand {
  static override summary = 'Tell how busy each server usually is';
  static override description =
    'The load that 95 % of the samples stay below. Samples are kept of servers that the orchestrator watches:\nmonitoring = true, or auto_scaling; too few of them say nothing.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning performance analyze',
    'provisioning performance analyze --days 1 --out json',
  ];
  static override flags = {
    days: integer({ description: 'days that count', default: 7, min: 1, max: 30 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PerformanceAnalyze);
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    const rows = await Promise.all(
      infrastructure.servers.map(async ({ hostname }) => {
        const samples = await readSamples(context, hostname);
        const load = usualLoad(samples, flags.days, context.now());
        const worst = load === undefined ? undefined : Math.max(load.cpu, load.memory);
        return {
          server: hostname,
          samples: samples.length,
          cpu: load?.cpu ?? null,
          memory: load?.memory ?? null,
          verdict:
            worst === undefined ? 'unknown' : worst >= high ? 'busy' : worst < low ? 'idle' : 'fitting',
        } as const;
      }),
    );
    const percent = (value: number | null): string => (value === null ? '-' : `${value} %`);
    await this.out.list(
      rows,
      [
        { title: 'SERVER', value: ({ server }) => server },
        { title: 'SAMPLES', value: ({ samples }) => samples, align: 'right' },
        { title: 'CPU', value: ({ cpu }) => percent(cpu), align: 'right' },
        { title: 'MEMORY', value: ({ memory }) => percent(memory), align: 'right' },
        { title: 'VERDICT', value: ({ verdict }) => verdict },
      ],
      'servers',
    );
    if (rows.some(({ verdict }) => verdict === 'idle' || verdict === 'busy'))
      await this.next('provisioning performance recommendations');
  }
}
