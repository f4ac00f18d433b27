import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { writeFileAtomic } from '@provisioning/core';
import { IndexClient, verifyArchive } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { createHash } from 'node:crypto';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openArtifacts } from '../../oci/session.ts';
import { openRegistry, serviceFlags } from '../../registry/service.ts';

export default class RegistryDownload extends ProvisioningCommand {
  static override summary = 'Download the package of a version from the extension registry';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry download redis 1.2.0 --output ./packages'];
  static override args = {
    name: argument({ required: true, description: 'name, or type/name' }),
    version: argument({ required: true, description: 'version' }),
  };
  static override flags = {
    ...serviceFlags,
    output: string({ description: 'folder to write to', default: '.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryDownload);
    const registry = await openRegistry(this, flags);
    const { type, name } = await registry.identify(args.name!);
    await using session = await openArtifacts(this, {});
    const client = new IndexClient(session.artifacts, registry.url);
    const { extensions } = await client.read({ refresh: true });
    const extension = extensions.find((one) => one.type === type && one.name === name);
    const found = extension?.versions.find(({ version }) => version === args.version);
    if (extension === undefined || found === undefined) {
      throw new ProvisioningError({
        code: 'VERSION_NOT_FOUND',
        kind: 'not-found',
        message: `Version not found: ${type}/${name} ${args.version}`,
        hint: `provisioning registry versions ${type}/${name}`,
      });
    }
    const bytes = await client.download(extension, found);
    verifyArchive(bytes, found.sha256, found.url);
    const file = resolve(this.runtime.cwd, flags.output, `${name}-${found.version}.tar.gz`);
    if (!this.globals.check) await writeFileAtomic(file, bytes, 0o644);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.out.result({ file, sha256, size: bytes.length }, () => [
      `${this.out.style.mark('ok')} ${file}`,
      `  sha256:${sha256}`,
    ]);
  }
}
