import { boolean } from '@oclif/core/flags';
import { collectGarbage, ImageLayout, namespacePolicies } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryControl, startedRegistry } from '../../oci-registry/control.ts';
import { openArtifacts } from '../../oci/session.ts';
import { formatBytes } from '../../oci/transfers.ts';
import { counted } from '../../output/counted.ts';

export default class OciRegistryGc extends ProvisioningCommand {
  static override summary = 'Apply retention to the local registry and free space';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning oci-registry gc --dry-run'];
  static override flags = {
    'dry-run': boolean({ description: 'only say what would go' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryGc);
    await using session = await openArtifacts(this, {});
    const registry = await startedRegistry(registryControl(this));
    if (registry.type !== 'embedded') {
      throw new ProvisioningError({
        code: 'GC_UNSUPPORTED',
        message: `${registry.type} applies retention itself`,
        hint: 'set its own retention policies',
      });
    }
    const dryRun = flags['dry-run'] || this.globals.check;
    const result = await collectGarbage(
      new ImageLayout(registry.storage),
      namespacePolicies(session.artifacts.settings.namespaces),
      { now: this.runtime.now(), dryRun },
    );
    await this.out.result(result, () => [
      ...result.tags.map((tag) => `  ${dryRun ? 'would remove' : 'removed'} ${tag}`),
      `${this.out.style.mark('ok')} ${counted(result.tags.length, 'tag')}, ${counted(result.blobs, 'blob')}, ${formatBytes(result.bytes)}`,
    ]);
  }
}
