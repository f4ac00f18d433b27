import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { listInfrastructures, validateWorkspaceConfiguration, workspaceHealth } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { asProvisioningError } from '../../errors/as-error.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { type InfrastructureSession, openInfrastructure } from '../../session/infrastructure.ts';
import { loadOptionsOf, workspaceNamed } from '../../session/workspace.ts';
import { definitionIssues } from '../../validation/definition.ts';
import { type Readiness, readiness, readinessLines } from '../../validation/readiness.ts';
import { showReport } from '../../validation/show.ts';
import { counted } from '../../output/counted.ts';

export default class WorkspaceValidate extends ProvisioningCommand {
  static override summary = 'Check configuration, structure, modules and definitions of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace validate',
    'provisioning workspace validate demo --out json',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = { strict: boolean({ description: 'warnings are errors' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceValidate);
    if (args.workspace !== undefined) this.globals = { ...this.globals, workspace: args.workspace };
    const workspace = await workspaceNamed(this, args.workspace);
    const report = await validateWorkspaceConfiguration({
      ...loadOptionsOf(this, workspace),
      strict: flags.strict,
    });
    if (!report.valid) return showReport(this, report, []);
    for (const { message } of report.warnings) this.out.warn(message);
    const structure = (await workspaceHealth(workspace)).filter(({ ok }) => !ok);
    const sessions: InfrastructureSession[] = [];
    try {
      const definitions: Readiness[] = [];
      for (const infra of await listInfrastructures(workspace.path))
        definitions.push(await this.#definition(infra, sessions));
      const checks = [
        ...(await readiness(this, { workspace, sessions })),
        ...structure.map(({ check, message }): Readiness => ({
          ...({ name: check, status: 'error' } as const),
          message: `${check}: ${message}`,
          hint: 'Put it right: provisioning workspace health --fix-issues',
        })),
        ...definitions,
      ];
      const valid = checks.every(({ status }) => status !== 'error');
      if (!valid) this.exitCode = 3;
      const document = { valid, workspace: workspace.name, checks, warnings: report.warnings };
      await this.out.result(document, () => readinessLines(checks, this.out));
    } finally {
      for (const session of sessions) await session[Symbol.asyncDispose]();
    }
  }

  async #definition(infra: string, sessions: InfrastructureSession[]): Promise<Readiness> {
    const name = `infrastructure ${infra}`;
    try {
      const session = await openInfrastructure(this, infra);
      sessions.push(session);
      const { servers } = session.infrastructure;
      const [issue] = await definitionIssues(session);
      if (issue !== undefined) throw new ProvisioningError({ code: 'INFRA_INVALID', message: issue.message });
      return {
        name,
        status: 'ok',
        message: `Infrastructure '${infra}': ${counted(servers.length, 'server')}`,
      };
    } catch (thrown) {
      const { message, issues, hint } = asProvisioningError(thrown);
      return {
        ...({ name, status: 'error' } as const),
        message: `Infrastructure '${infra}': ${issues[0]?.message ?? message}`,
        hint: hint ?? `See all of it: provisioning infra validate ${infra}`,
      };
    }
  }
}
