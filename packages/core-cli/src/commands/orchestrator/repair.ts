import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';
import { orchestratorHealth } from '../../orchestrator/control.ts';
import { askProgram } from '../../orchestrator/run-program.ts';
import { settingsFor } from '../../orchestrator/session.ts';

interface Repaired {
  readonly inconsistencies_found: number;
  readonly repairs_applied: number;
  readonly repaired_at: string;
  readonly findings: readonly string[];
}

export default class OrchestratorRepair extends ProvisioningCommand {
  static override summary =
    'Compare the records of the orchestrator with its journal and put right what differs';
  static override spec: CommandSpec = { access: 'a', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning orchestrator repair --check', 'provisioning orch repair --yes'];

  async run(): Promise<void> {
    await this.parse(OrchestratorRepair);
    const { check } = this.globals;
    if (!check) await this.confirm('Repair the records of the orchestrator?');
    const settings = await settingsFor(this);
    const { environment, cwd } = this.runtime;
    const repaired = (await orchestratorHealth(settings))
      ? await (await apiFor(this)).post<Repaired>('/store/repair', { check })
      : await askProgram<Repaired>('repair', { check }, { settings, environment, cwd, signal: this.signal });
    if (check) this.out.warn('Check mode: No changes will be made');
    await this.out.result(repaired, () => [
      ...repaired.findings.map((finding) => `  - ${finding}`),
      `${this.out.style.mark('ok')} ${repaired.inconsistencies_found} found, ${repaired.repairs_applied} repaired`,
    ]);
  }
}
