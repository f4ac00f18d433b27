import { contentOf, listCaches } from '../../cache/caches.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { bytes } from '../../output/bytes.ts';

export default class CacheStats extends ProvisioningCommand {
  static override summary = 'Show the local caches and their size';
  static override description = 'Those of yourself and, in a workspace, those of the workspace.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning cache stats'];

  async run(): Promise<void> {
    await this.parse(CacheStats);
    await this.out.list(
      await listCaches(this),
      [
        { title: 'NAME', value: (cache) => cache.name },
        { title: 'FILES', value: (cache) => cache.files, align: 'right' },
        { title: 'SIZE', value: (cache) => bytes(cache.bytes), align: 'right' },
        { title: 'HOLDS', value: contentOf },
      ],
      'caches',
    );
    await this.next('provisioning cache clear');
  }
}
