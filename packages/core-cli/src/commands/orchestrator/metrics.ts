import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';

export default class OrchestratorMetrics extends ProvisioningCommand {
  static override summary = 'Show the key figures of the orchestrator';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator metrics', 'provisioning orch metrics --raw'];
  static override flags = { raw: boolean({ description: 'everything, in the text format of Prometheus' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorMetrics);
    const api = await apiFor(this);
    const text = await api.text('/metrics');
    if (flags.raw) {
      this.runtime.stdout.write(text);
      return;
    }
    const lines = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket{'));
    const cut = (line: string) => line.lastIndexOf(' ');
    const figures = Object.fromEntries(
      lines.map((line) => [line.slice(0, cut(line)), Number(line.slice(cut(line) + 1))]),
    );
    const width = Math.max(0, ...Object.keys(figures).map((name) => name.length));
    await this.out.result(figures, () =>
      Object.entries(figures).map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    );
  }
}
