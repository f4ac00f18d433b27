import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { mirrorArtifacts, readLock, splitPlace } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { platformImages } from '../../oci/platform-images.ts';
import { openArtifacts } from '../../oci/session.ts';
import { printTransfers } from '../../oci/transfers.ts';

export default class OciMirror extends ProvisioningCommand {
  static override summary = 'Copy many extensions into another registry or layout';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning oci mirror registry.local/prov --lock',
    'provisioning oci mirror layout:./mirror --keep-versions 3',
  ];
  static override args = {
    destination: argument({ required: true, description: 'host/namespace or layout:<folder>' }),
  };
  static override flags = {
    ...registryFlags,
    from: string({ description: 'host/namespace to read from' }),
    lock: boolean({ description: 'what the lock of the workspace names' }),
    'platform-images': boolean({ description: 'also the images in dependencies.platform.images' }),
    include: string({ description: 'only names that match this glob' }),
    'keep-versions': integer({ description: 'newest versions of each', default: 1, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciMirror);
    const from = flags.from === undefined ? {} : splitPlace(flags.from);
    await using session = await openArtifacts(this, { ...flags, ...from });
    const { artifacts, selection } = session;
    const to = splitPlace(args.destination!);
    const lock = flags.lock && selection !== undefined ? await readLock(selection.path) : undefined;
    if (flags.lock && lock === undefined) {
      throw new ProvisioningError({
        code: 'LOCK_NOT_FOUND',
        kind: 'configuration',
        message: 'There is no lock to mirror (config/extensions.lock.yaml)',
        hint: 'write it first, in a workspace: provisioning dep resolve',
      });
    }
    const references = lock?.packages.map(({ reference }) => reference);
    const images = flags['platform-images'] ? platformImages(session) : [];
    const place = artifacts.place(to.registry);
    const { namespaces } = artifacts.settings;
    const extensions = await mirrorArtifacts(
      artifacts,
      { place, namespace: to.namespace ?? namespaces.extensions },
      {
        keepVersions: flags['keep-versions'],
        check: this.globals.check,
        ...(flags.include === undefined ? {} : { include: flags.include }),
        ...(references === undefined ? {} : { references }),
      },
    );
    const transfers = [
      ...extensions,
      ...(await mirrorArtifacts(
        artifacts,
        { place, namespace: to.namespace ?? namespaces.platform },
        { references: images, check: this.globals.check },
      )),
    ];
    await printTransfers(this, transfers, (copied, present) => `Mirrored ${copied}, present ${present}`);
  }
}
