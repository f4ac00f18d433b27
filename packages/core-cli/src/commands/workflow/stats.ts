import { string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { elapsed } from '../../live/render.ts';
import { apiFor } from '../../orchestrator/api.ts';

interface Statistics {
  readonly total: number;
  readonly by_status: Readonly<Record<string, number>>;
  readonly by_kind?: Readonly<Record<string, number>>;
  readonly success_rate: number;
  readonly average_duration: number;
  readonly p95_duration?: number;
}

export default class WorkflowStats extends ProvisioningCommand {
  static override summary = 'Counts by status and kind, success rate and durations';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workflow stats', 'provisioning workflow stats --since 7d'];
  static override flags = {
    since: string({ description: 'a time, or how long ago: 2026-01-31, 24h, 7d' }),
  };

  /** Only workflows of this kind are counted. */
  protected readonly kind: string | undefined = undefined;

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkflowStats);
    const api = await apiFor(this);
    const since = flags.since === undefined ? undefined : this.#time(flags.since);
    const path = this.kind === 'batch' ? '/batch/stats' : '/workflows/stats';
    const stats = await api.get<Statistics>(path, { since });
    await this.out.result(stats, () => [
      `Workflows:    ${stats.total}`,
      ...Object.entries(stats.by_status).map(([name, count]) => `  ${`${name}:`.padEnd(12)}${count}`),
      ...Object.entries(stats.by_kind ?? {}).map(([name, count]) => `  ${`${name}:`.padEnd(12)}${count}`),
      `Success rate: ${Math.round(100 * stats.success_rate)}%`,
      `Mean:         ${elapsed(stats.average_duration * 1000)}`,
      ...(stats.p95_duration === undefined ? [] : [`95 %:         ${elapsed(stats.p95_duration * 1000)}`]),
    ]);
  }

  /** A point in time from one that was typed, or from how long ago it was. */
  #time(text: string): string {
    if (/^\d+[smhdw]?$/.test(text))
      return new Date(this.runtime.now() - parseDuration(text, 'since') * 1000).toISOString();
    const time = Date.parse(text);
    if (!Number.isNaN(time)) return new Date(time).toISOString();
    throw new ProvisioningError({
      code: 'INVALID_OPTION_VALUE',
      kind: 'usage',
      message: `Invalid value for --since: ${text}. Expected a time or a duration such as 24h`,
    });
  }
}
