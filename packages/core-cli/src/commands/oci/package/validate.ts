import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { validateExtension } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { validationLines } from '../../../extension/report.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { registryFlags } from '../../../oci/flags.ts';
import { openArtifacts } from '../../../oci/session.ts';
import { currentCatalogue } from '../../../session/modules.ts';

export default class OciPackageValidate extends ProvisioningCommand {
  static override summary = 'Check the folder of an extension before it is packed';
  static override description =
    'Rules: structure, schema, interface, dependency, version. Exit 1 when one is broken.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning oci package validate ./redis',
    'provisioning oci package validate ./redis --strict --resolve',
  ];
  static override args = { path: argument({ description: 'folder of the extension', default: '.' }) };
  static override flags = {
    ...registryFlags,
    strict: boolean({ description: 'warnings are errors' }),
    resolve: boolean({ description: 'every dependency must exist in the registry' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciPackageValidate);
    const path = resolve(this.runtime.cwd, args.path);
    await using session = await openArtifacts(this, flags);
    const { catalogue } = await currentCatalogue(this);
    const exists = (name: string, range: string): Promise<boolean> =>
      session.artifacts.locate(`${name}@${range.replaceAll(',', ' ')}`).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ProvisioningError && error.kind === 'not-found') return false;
          throw error;
        },
      );
    const report = await validateExtension(path, undefined, {
      catalogue,
      strict: flags.strict,
      ...(flags.resolve ? { exists } : {}),
    });
    await this.out.result(report, () => validationLines(report, this.out.style));
    if (!report.valid) this.exitCode = 1;
  }
}
