import { boolean } from '@oclif/core/flags';
import { detectRuntime } from '@provisioning/core';
import { runtimeOptions } from '../../container-runtime/open.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class RuntimeDetect extends ProvisioningCommand {
  static override summary = 'Say which container runtime is used here';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning runtime detect', 'provisioning runtime detect --refresh'];
  static override flags = { refresh: boolean({ description: 'ask again; an answer is kept for 5 minutes' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(RuntimeDetect);
    const { name, command } = await detectRuntime(await runtimeOptions(this, flags.refresh));
    await this.out.result({ name, command: command.join(' ') }, () => [`Detected runtime: ${name}`]);
  }
}
