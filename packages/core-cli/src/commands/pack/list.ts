import { string } from '@oclif/core/flags';
import { listPacks } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { packFolder } from '../../pack/packing.ts';
import { configurationOf } from '../../session/workspace.ts';

export default class PackList extends ProvisioningCommand {
  static override summary = 'List the packs that were written';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning pack list', 'provisioning pack list --out json'];
  static override flags = { output: string({ description: 'folder of the packs' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(PackList);
    const packs = await listPacks(packFolder(this, await configurationOf(this), flags.output));
    await this.out.list(
      packs,
      [
        { title: 'name', value: ({ name }) => name },
        { title: 'version', value: ({ version }) => version },
        { title: 'file', value: ({ file }) => file },
        { title: 'size', value: ({ size }) => size, align: 'right' },
        { title: 'created', value: ({ created }) => created },
      ],
      'packs',
    );
  }
}
