import { boolean, string } from '@oclif/core/flags';
import { parseAge } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { registryFlags } from '../../../oci/flags.ts';
import { openArtifacts } from '../../../oci/session.ts';
import { formatBytes } from '../../../oci/transfers.ts';
import { counted } from '../../../output/counted.ts';

export default class OciCacheClean extends ProvisioningCommand {
  static override summary = 'Remove artifacts from the cache';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning oci cache clean --older-than 30d'];
  static override flags = {
    ...registryFlags,
    'older-than': string({ description: 'unused for so long: 30d, 12h' }),
    all: boolean({ description: 'everything' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciCacheClean);
    await using session = await openArtifacts(this, flags);
    const age = flags['older-than'] === undefined ? undefined : parseAge(flags['older-than']);
    if (this.globals.check) {
      await this.out.result(await session.artifacts.cache.stats(), () => ['Check mode: nothing removed']);
      return;
    }
    const result = await session.artifacts.cache.clean({
      all: flags.all,
      ...(age === undefined ? {} : { olderThan: age }),
    });
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Removed ${counted(result.removed, 'blob')}, ${formatBytes(result.bytes)}`,
    ]);
  }
}
