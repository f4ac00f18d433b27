import { boolean, integer, string } from '@oclif/core/flags';
import { cleanPacks } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { packFolder } from '../../pack/packing.ts';
import { pinnedPacks } from '../../pack/pinned.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf } from '../../session/workspace.ts';
import { counted } from '../../output/counted.ts';

export default class PackClean extends ProvisioningCommand {
  static override summary = 'Remove old packs, keeping the newest of each name';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning pack clean --keep-latest 3 --dry-run'];
  static override flags = {
    output: string({ description: 'folder of the packs' }),
    'keep-latest': integer({ description: 'newest packs of each name that stay', default: 3, min: 0 }),
    'dry-run': boolean({ description: 'only say what would go' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PackClean);
    const dryRun = flags['dry-run'] || this.globals.check;
    const removed = await cleanPacks(packFolder(this, await configurationOf(this), flags.output), {
      keepLatest: flags['keep-latest'],
      dryRun,
      pinned: await pinnedPacks(surroundingsOf(this.runtime)),
    });
    await this.out.result(removed, () => [
      ...removed.map(({ file }) => `  ${dryRun ? 'would remove' : 'removed'} ${file}`),
      `${this.out.style.mark('ok')} ${counted(removed.length, 'pack')}`,
    ]);
  }
}
