import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { registryFlags } from '../../../oci/flags.ts';
import { openArtifacts } from '../../../oci/session.ts';
import { formatBytes } from '../../../oci/transfers.ts';
import { counted } from '../../../output/counted.ts';

export default class OciCacheStats extends ProvisioningCommand {
  static override summary = 'Show what the artifact cache holds';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci cache stats'];
  static override flags = {
    ...registryFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciCacheStats);
    await using session = await openArtifacts(this, flags);
    const stats = { path: session.cacheFolder, ...(await session.artifacts.cache.stats()) };
    await this.out.result(stats, () => [
      stats.path,
      `${counted(stats.blobs, 'blob')}, ${formatBytes(stats.bytes)}, ${stats.tags} known tags`,
    ]);
  }
}
