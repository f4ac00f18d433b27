import { boolean } from '@oclif/core/flags';
import { userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { tellOfInstallation } from '../../installation/after-installing.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf, select } from '../../session/workspace.ts';

const secret = /(TOKEN|PASSWORD|SECRET|KEY)$/;

export default class EnvShow extends ProvisioningCommand {
  static override summary = 'Show the environment a command line would work in';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning env', 'eval "$(provisioning env --export)"'];
  static override flags = { export: boolean({ description: 'as export lines for a shell' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(EnvShow);
    const selection = await select(this, 'optional').catch(() => undefined);
    const configuration = await configurationOf(this, selection).catch(() => undefined);
    const directories = userDirectories(surroundingsOf(this.runtime));
    if (flags.export) {
      const variables: Record<string, string | undefined> = {
        PROVISIONING_WORKSPACE:
          selection &&
          (selection.infra === undefined ? selection.name : `${selection.name}:${selection.infra}`),
        PROVISIONING_ENV: configuration?.environment,
      };
      const lines = Object.entries(variables).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      );
      await this.out.result(Object.fromEntries(lines), () =>
        lines.map(([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`),
      );
      return;
    }
    await tellOfInstallation(this, configuration !== undefined);
    const rows: [string, string][] = [
      ['workspace', selection?.name ?? ''],
      ['infra', selection?.infra ?? ''],
      ['environment', configuration?.environment ?? ''],
      ['paths.config', directories.config],
      ['paths.data', directories.data],
      ['paths.cache', directories.cache],
      ...(selection === undefined ? [] : ([['paths.base', selection.path]] as [string, string][])),
      ...Object.entries(this.runtime.environment)
        .filter(([name, value]) => /^(PROVISIONING|ORCHESTRATOR)(_|$)/.test(name) && value !== undefined)
        .map(([name, value]): [string, string] => [name, secret.test(name) ? '[redacted]' : value!]),
    ];
    await this.out.result(Object.fromEntries(rows), () => rows.map(([name, value]) => `${name} = ${value}`));
  }
}
