import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { verifyIndex } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { openArtifacts } from '../../../oci/session.ts';

export default class RegistryIndexVerify extends ProvisioningCommand {
  static override summary = 'Check a static index: its form, its files, their sizes and digests';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning registry index verify ./site',
    'provisioning registry index verify https://extensions.example.com',
  ];
  static override args = { place: argument({ required: true, description: 'folder or address' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(RegistryIndexVerify);
    await using session = await openArtifacts(this, {});
    const place = /^https?:/.test(args.place!) ? args.place! : resolve(this.runtime.cwd, args.place!);
    const { versions, problems } = await verifyIndex(session.artifacts, place);
    await this.out.result({ valid: problems.length === 0, versions, problems }, () =>
      problems.length === 0
        ? [`${this.out.style.mark('ok')} ${versions} versions are what the index says`]
        : problems.map((problem) => `${this.out.style.mark('error')} ${problem}`),
    );
    if (problems.length > 0) this.exitCode = 1;
  }
}
