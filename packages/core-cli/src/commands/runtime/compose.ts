import { string as argument } from '@oclif/core/args';
import { composeLine, detectRuntime, findCompose } from '@provisioning/core';
import { runtimeOptions } from '../../container-runtime/open.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class RuntimeCompose extends ProvisioningCommand {
  static override summary = 'Print the command line that runs a compose file here, for eval';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning runtime compose compose.yml',
    'eval "$(provisioning runtime compose compose.yml) up -d"',
  ];
  static override args = { file: argument({ required: true, description: 'compose file' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(RuntimeCompose);
    const options = await runtimeOptions(this);
    const runtime = await detectRuntime(options);
    const compose = await findCompose(runtime, options);
    const line = await composeLine(compose, args.file, this.runtime.cwd);
    if (compose.standIn)
      this.out.info(
        `${runtime.command.join(' ')} compose is not available; ${compose.command[0]!} stands in`,
      );
    await this.out.result({ command: line }, () => [line]);
  }
}
