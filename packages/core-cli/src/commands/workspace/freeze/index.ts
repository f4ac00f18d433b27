import { string } from '@oclif/core/flags';
import { freezeWorkspace, usedByFrozen } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openCatalogue } from '../../../session/modules.ts';
import { surroundingsOf } from '../../../session/surroundings.ts';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceFreeze extends ProvisioningCommand {
  static override summary = 'Freeze a workspace: an immutable snapshot with all it needs';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workspace freeze --version v1',
    'provisioning workspace freeze --version 2026-01 --env prod --check',
  ];
  static override flags = {
    version: string({ description: 'name of the frozen version' }),
    env: string({ description: 'environment; default the current one' }),
    infras: string({ description: 'infrastructures; default all', multiple: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkspaceFreeze);
    const selection = await select(this, 'none');
    if (flags.version === undefined) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Missing required option: --version\nUsage: provisioning workspace freeze --version <name>',
      });
    }
    const environment = flags.env ?? this.globals.environment ?? selection.environment;
    const manifest = await freezeWorkspace({
      surroundings: surroundingsOf(this.runtime),
      workspace: selection,
      version: flags.version,
      systemVersion: this.host.catalogue.version,
      extensions: usedByFrozen(openCatalogue(this, { workspacePath: selection.path })),
      check: this.globals.check,
      signal: this.signal,
      ...(environment === undefined ? {} : { environment }),
      ...(flags.infras === undefined ? {} : { infras: flags.infras }),
    });
    const { files, ...summary } = manifest;
    await this.out.result({ ...summary, files: files.length }, () => [
      ...(this.globals.check
        ? [`${this.out.style.mark('warning')} Check mode: No changes will be made`]
        : []),
      `${this.globals.check ? 'Would freeze' : `${this.out.style.mark('ok')} Frozen`} version '${manifest.version}' (${manifest.environment})`,
      `  Infrastructures: ${manifest.infras.join(', ')}`,
      `  Extensions:      ${manifest.extensions.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
      `  Files:           ${files.length}`,
      `  Digest:          ${manifest.digest}`,
    ]);
    if (!this.globals.check) await this.next(`provisioning deploy --frozen ${manifest.version} --check`);
  }
}
