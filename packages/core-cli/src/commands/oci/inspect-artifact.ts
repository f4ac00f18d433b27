import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inspectArchive } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { formatBytes } from '../../oci/transfers.ts';

export default class OciInspectArtifact extends ProvisioningCommand {
  static override summary = 'Show the manifest and files of a local archive';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci inspect-artifact redis-1.0.0.tar.gz'];
  static override args = { file: argument({ required: true, description: 'archive made by oci package' }) };
  static override flags = {
    format: string({ description: 'yaml or json', options: ['yaml', 'json'], default: 'yaml' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciInspectArtifact);
    const file = resolve(this.runtime.cwd, args.file!);
    const found = await stat(file).catch((cause: unknown) => {
      throw new ProvisioningError({
        code: 'PATH_NOT_FOUND',
        kind: 'not-found',
        message: `${args.file} does not exist`,
        cause,
      });
    });
    if (found.isDirectory()) {
      throw new ProvisioningError({
        code: 'PATH_IS_FOLDER',
        message: `${args.file} is a folder, and an archive is a file`,
        hint: 'look at the folder of an extension with: provisioning oci package validate <folder>',
      });
    }
    const { package: manifest, files } = await inspectArchive(() => createReadStream(file), args.file!);
    const { stringify } = await import('yaml');
    await this.out.result({ manifest, files }, () => [
      flags.format === 'json' ? JSON.stringify(manifest, null, 2) : stringify(manifest).trimEnd(),
      '',
      'Files:',
      ...files.map(({ path, size }) => `  ${path} (${formatBytes(size)})`),
    ]);
  }
}
