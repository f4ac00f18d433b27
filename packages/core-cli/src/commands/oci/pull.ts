import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { pullExtension } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { formatBytes } from '../../oci/transfers.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class OciPull extends ProvisioningCommand {
  static override summary = 'Fetch one extension, without its dependencies';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning oci pull redis:1.0.0',
    'provisioning oci pull registry.example.com/ns/redis:1.0.0 --destination ./extensions',
  ];
  static override args = {
    reference: argument({ required: true, description: '<name>:<version>, or a full reference' }),
  };
  static override flags = {
    ...registryFlags,
    destination: string({ description: 'folder that receives a folder of the name' }),
    platform: string({ description: 'content for this platform, such as linux/arm64' }),
    'verify-signature': boolean({ description: 'refuse it unless its signature is valid' }),
    force: boolean({ description: 'replace what is there' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciPull);
    await using session = await openArtifacts(this, flags);
    const { cwd } = this.runtime;
    const result = await pullExtension(session.artifacts, args.reference!, {
      cwd,
      ...(flags.destination === undefined ? {} : { destination: resolve(cwd, flags.destination) }),
      ...(session.selection === undefined ? {} : { workspacePath: session.selection.path }),
      ...(flags.platform === undefined ? {} : { platform: flags.platform }),
      force: flags.force,
      check: this.globals.check,
    });
    const { reference, digest, size, path, state } = result;
    const name = `${result.manifest.name}:${result.manifest.version}`;
    await this.out.result(snakeKeys(result), () =>
      state === 'current'
        ? [`${this.out.style.mark('ok')} ${name} is up to date`]
        : [
            `${this.out.style.mark('ok')} ${state === 'pulled' ? 'Pulled' : 'Would pull'} ${reference} (${digest}, ${formatBytes(size)})`,
            path,
          ],
    );
  }
}
