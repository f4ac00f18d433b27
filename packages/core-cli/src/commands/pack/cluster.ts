import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { packFolder, packLines, packRecord } from '../../pack/packing.ts';
import { currentCatalogue } from '../../session/modules.ts';
import { configurationOf } from '../../session/workspace.ts';

export default class PackCluster extends ProvisioningCommand {
  static override summary = 'Write a cluster as an immutable archive';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning pack cluster example --output ./packs'];
  static override args = { name: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    output: string({ description: 'folder that receives the pack' }),
    version: string({ description: 'version of the pack; default that of the manifest' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PackCluster);
    const { catalogue } = await currentCatalogue(this);
    const configuration = await configurationOf(this);
    const record = await catalogue.get('cluster', args.name!);
    const result = await packRecord(this, configuration, record, {
      output: packFolder(this, configuration, flags.output),
      ...(flags.version === undefined ? {} : { version: flags.version }),
    });
    await this.out.result(result, () => packLines(this, result));
  }
}
