import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { disableExtension, fileAudit } from '@provisioning/core';
import { findExtension } from '../../extension/find.ts';
import { kindFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openCatalogue } from '../../session/modules.ts';
import { select } from '../../session/workspace.ts';

export default class ExtensionDisable extends ProvisioningCommand {
  static override summary = 'Disable an extension in the workspace';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update' };
  static override examples = ['provisioning extension disable my-cloud'];
  static override args = { name: argument({ required: true, description: 'name, or type/name' }) };
  static override flags = {
    ...kindFlag,
    force: boolean({ description: 'also while a definition uses it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionDisable);
    const { path } = await select(this, 'none');
    const record = await findExtension(openCatalogue(this, { workspacePath: path }), args.name, flags.type);
    const { check } = this.globals;
    const audit = fileAudit(path);
    await disableExtension(record, {
      workspacePath: path,
      variables: this.runtime.environment,
      force: flags.force,
      audit: audit.sink,
      now: () => this.runtime.now(),
      check,
    });
    await audit.flush();
    await this.out.result(
      { name: record.name, type: record.type, enabled: false, ...(check ? { check_mode: true } : {}) },
      () => [
        `${this.out.style.mark('ok')} ${check ? 'Would disable' : 'Disabled'} ${record.type} ${record.name}`,
      ],
    );
  }
}
