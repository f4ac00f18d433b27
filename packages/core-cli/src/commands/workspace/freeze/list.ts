import { listFrozen } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceFreezeList extends ProvisioningCommand {
  static override summary = 'List the frozen versions, newest first';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace freeze list'];

  async run(): Promise<void> {
    await this.parse(WorkspaceFreezeList);
    const selection = await select(this, 'none');
    const rows = (await listFrozen(selection.path)).map(({ files, ...manifest }) => ({
      ...manifest,
      files: files.length,
    }));
    await this.out.list(
      rows,
      [
        { title: 'VERSION', value: (row) => row.version },
        { title: 'ENVIRONMENT', value: (row) => row.environment },
        { title: 'CREATED', value: (row) => row.created },
        { title: 'INFRAS', value: (row) => row.infras.join(', ') },
        { title: 'BY', value: (row) => row.created_by },
      ],
      'frozen versions',
    );
  }
}
