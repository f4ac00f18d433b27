import { string } from '@oclif/core/flags';
import type { PackResult } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { packFolder, packLines, packRecord } from '../../pack/packing.ts';
import { currentCatalogue } from '../../session/modules.ts';
import { configurationOf } from '../../session/workspace.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class PackProviders extends ProvisioningCommand {
  static override summary = 'Write every provider as an archive';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning pack providers --output ./packs'];
  static override flags = { output: string({ description: 'folder that receives the packs' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(PackProviders);
    const { catalogue } = await currentCatalogue(this);
    const configuration = await configurationOf(this);
    const output = packFolder(this, configuration, flags.output);
    const results: PackResult[] = [];
    for (const record of await catalogue.list('provider')) {
      try {
        results.push(await packRecord(this, configuration, record, { output }));
      } catch (error) {
        this.out.warn(`${record.name}: ${error instanceof Error ? error.message : String(error)}`);
        this.exitCode = 1;
      }
    }
    await this.out.result(snakeKeys(results), () => results.flatMap((result) => packLines(this, result)));
  }
}
