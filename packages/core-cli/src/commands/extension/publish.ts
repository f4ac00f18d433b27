import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { readManifest } from '@provisioning/core';
import {
  type OciSettings,
  publishExtension,
  type PublishTarget,
  publishTargets,
} from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { splitList } from '../../argv/lists.ts';
import { packageSource } from '../../extension/package-source.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class ExtensionPublish extends ProvisioningCommand {
  static override summary = 'Check, test, pack and publish an extension';
  static override description =
    'Warnings of the checks count here. It stops at the first failure; run again, it skips the targets that have it.';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning extension publish ./redis',
    'provisioning extension publish . --to oci,npm --sign --tag',
    'provisioning extension publish ./redis --registry official --dry-run',
  ];
  static override args = { path: argument({ required: true, description: 'folder, archive or name' }) };
  static override flags = {
    ...registryFlags,
    to: string({ description: `targets: ${publishTargets.join(', ')}`, default: 'oci' }),
    channel: string({ description: 'channel of the registry', options: ['official', 'community'] }),
    prerelease: boolean({ description: 'mark it as a pre-release' }),
    sign: boolean({ description: 'sign it too' }),
    key: string({ description: 'private key (PEM) to sign with' }),
    tag: boolean({ description: 'make the Git tag of the version' }),
    'skip-tests': boolean({ description: 'do not run its tests (solo mode)' }),
    'allow-dirty': boolean({ description: 'also with changes that are not committed' }),
    'dry-run': boolean({ description: 'everything but publishing' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionPublish);
    const targets = splitList(flags.to ?? 'oci').map((name) => {
      const target = publishTargets.find((one) => one === name);
      if (target !== undefined) return target;
      throw unknownTarget(name);
    });
    await using configured = await openArtifacts(this, flags);
    const registry = flags.registry ?? registryOf(flags.channel, configured.artifacts.settings.named);
    await using session = await openArtifacts(this, { ...flags, ...(registry && { registry }) });
    const check = this.globals.check || flags['dry-run'];
    const report = await publishExtension(session.artifacts, {
      path: await packageSource(this, args.path),
      targets: targets satisfies readonly PublishTarget[],
      prerelease: flags.prerelease,
      sign: flags.sign,
      ...(flags.key === undefined ? {} : { keyFile: flags.key }),
      tag: flags.tag,
      skipTests: flags['skip-tests'],
      allowDirty: flags['allow-dirty'],
      check,
      environment: this.runtime.environment,
      onProgress: (message) => this.out.progress(message),
      readManifest: async (folder) => (await readManifest(folder)).manifest,
    });
    const { style } = this.out;
    await this.out.result(snakeKeys({ ...report, check_mode: check }), () =>
      report.targets.map(({ reference, state }) => {
        if (state === 'present') return `${style.mark('info')} Already published: ${reference}`;
        return state === 'would-publish'
          ? `${style.mark('ok')} Would publish: ${reference}`
          : `${style.mark('ok')} Published: ${reference}`;
      }),
    );
  }
}

/** The registry that is configured for a channel. */
function registryOf(channel: string | undefined, named: OciSettings['named']): string | undefined {
  if (channel === undefined) return undefined;
  const found = Object.entries(named).find(([, one]) => one.channel === channel);
  if (found !== undefined) return found[0];
  throw new ProvisioningError({
    code: 'CHANNEL_UNKNOWN',
    kind: 'configuration',
    message: `No registry of channel ${channel} is configured (registries.<name>.channel)`,
    hint: 'set one, or name the registry with --registry',
  });
}

function unknownTarget(name: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --to: ${name}. Valid: ${publishTargets.join(', ')}`,
  });
}
