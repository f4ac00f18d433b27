import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { enableExtension, fileAudit } from '@provisioning/core';
import { findExtension } from '../../extension/find.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openCatalogue } from '../../session/modules.ts';
import { select } from '../../session/workspace.ts';

export default class ExtensionEnable extends ProvisioningCommand {
  static override summary = 'Enable an extension in the workspace';
  static override description =
    'It must be valid, its variables set; its permissions are shown and confirmed.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update', interactive: true };
  static override examples = [
    'provisioning extension enable my-cloud',
    'provisioning extension enable my-cloud --yes',
  ];
  static override args = { name: argument({ required: true, description: 'name, or type/name' }) };
  static override flags = { type: string({ description: 'provider, taskserv or cluster' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionEnable);
    const { path } = await select(this, 'none');
    const record = await findExtension(openCatalogue(this, { workspacePath: path }), args.name, flags.type);
    const { check } = this.globals;
    const audit = fileAudit(path);
    try {
      await enableExtension(record, {
        workspacePath: path,
        variables: this.runtime.environment,
        audit: audit.sink,
        now: () => this.runtime.now(),
        check,
        confirm: async (permissions) => {
          const asked = Object.entries(permissions).filter(
            ([, list]) => Array.isArray(list) && list.length > 0,
          );
          if (asked.length === 0) return;
          for (const [name, list] of asked)
            this.out.info(`${record.name} asks for ${name}: ${list.join(', ')}`);
          await this.confirm(`Allow this to ${record.name}?`);
        },
      });
    } finally {
      await audit.flush();
    }
    await this.out.result(
      { name: record.name, type: record.type, enabled: true, ...(check ? { check_mode: true } : {}) },
      () => [
        `${this.out.style.mark('ok')} ${check ? 'Would enable' : 'Enabled'} ${record.type} ${record.name} ${record.version}`,
      ],
    );
  }
}
