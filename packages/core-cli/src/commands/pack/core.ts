import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { snakeKeys } from '../../output/snake-keys.ts';
import { packFolder, packLines, packRecord } from '../../pack/packing.ts';
import { programPackage } from '../../pack/program.ts';
import { configurationOf } from '../../session/workspace.ts';

export default class PackCore extends ProvisioningCommand {
  static override summary = 'Write the program itself as an archive';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning pack core --output ./packs'];
  static override flags = {
    output: string({ description: 'folder that receives the pack' }),
    version: string({ description: 'version of the pack; default that of the program' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PackCore);
    const configuration = await configurationOf(this);
    const result = await packRecord(this, configuration, await programPackage(), {
      output: packFolder(this, configuration, flags.output),
      ...(flags.version === undefined ? {} : { version: flags.version }),
    });
    await this.out.result(snakeKeys(result), () => packLines(this, result));
  }
}
