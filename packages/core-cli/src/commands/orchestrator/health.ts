import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { isServing, orchestratorHealth } from '../../orchestrator/control.ts';
import { notAvailable, settingsFor } from '../../orchestrator/session.ts';

export default class OrchestratorHealth extends ProvisioningCommand {
  static override summary = 'Ask the orchestrator for its health; exit 1 unless it serves';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator health'];

  async run(): Promise<void> {
    await this.parse(OrchestratorHealth);
    const settings = await settingsFor(this);
    const health = await orchestratorHealth(settings);
    if (!health) throw notAvailable(settings);
    await this.out.result(health, () => [
      `Orchestrator: ${health.status}`,
      ...Object.entries(health.components).map(([name, value]) => `  ${name}: ${describe(value)}`),
    ]);
    if (!isServing(health)) this.exitCode = 1;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value;
  const { status, ...more } = value as { status?: unknown };
  const details = Object.entries(more).map(([name, each]) => `${name} ${JSON.stringify(each)}`);
  return [...(status === undefined ? [] : [String(status)]), ...details].join(', ');
}
