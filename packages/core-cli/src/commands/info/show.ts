import { cpus, totalmem } from 'node:os';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { configurationOf, select } from '../../session/workspace.ts';

export default class InfoShow extends ProvisioningCommand {
  static override summary = 'Version, system, mode and where this command line would work';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning info', 'provisioning info --out json'];

  async run(): Promise<void> {
    await this.parse(InfoShow);
    const selection = await select(this, 'optional').catch(() => undefined);
    const configuration = await configurationOf(this, selection).catch(() => undefined);
    const info = {
      version: this.host.catalogue.version,
      node: process.versions.node,
      system: `${process.platform} ${process.arch}`,
      processors: cpus().length,
      memory_mb: Math.round(totalmem() / 1024 / 1024),
      mode: String(configuration?.get('mode') ?? this.runtime.environment['PROVISIONING_MODE'] ?? 'solo'),
      workspace: selection?.name ?? null,
      infra: selection?.infra ?? null,
      environment: configuration?.environment ?? null,
    };
    await this.out.result(info, () => [
      `Provisioning ${info.version} on ${info.system}, Node.js ${info.node}`,
      `  Machine:      ${info.processors} processors, ${info.memory_mb} MB memory`,
      `  Mode:         ${info.mode}`,
      `  Workspace:    ${info.workspace ?? '(none)'}`,
      `  Infra:        ${info.infra ?? '(none)'}`,
      `  Environment:  ${info.environment ?? '(unknown)'}`,
    ]);
  }
}
