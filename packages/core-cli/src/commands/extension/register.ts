import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { parseKind, registerExtension, userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ExtensionRegister extends ProvisioningCommand {
  static override summary = 'Make a folder outside the usual places known as an extension';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning extension register ~/code/my-cloud provider'];
  static override args = {
    path: argument({ required: true, description: 'folder with a manifest.yaml' }),
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(ExtensionRegister);
    const { check } = this.globals;
    const { config } = userDirectories(surroundingsOf(this.runtime));
    const path = resolve(this.runtime.cwd, args.path);
    const entry = await registerExtension(
      config,
      path,
      parseKind(args.type),
      () => this.runtime.now(),
      check,
    );
    await this.out.result({ ...entry, ...(check ? { check_mode: true } : {}) }, () => [
      `${this.out.style.mark('ok')} ${check ? 'Would register' : 'Registered'} ${entry.type} ${entry.name} ${entry.version}`,
    ]);
  }
}
