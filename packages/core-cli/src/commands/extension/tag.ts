import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { parsePackageKind, releaseTag, tagRelease } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class ExtensionTag extends ProvisioningCommand {
  static override summary = 'Make the Git tag of a version of an extension';
  static override description = 'The tag is {kinds}/{name}/v{version}, at the current commit.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning extension tag taskserv/redis --version 1.0.0 --push'];
  static override args = { extension: argument({ required: true, description: 'kind/name' }) };
  static override flags = {
    version: string({ required: true, description: 'version without v' }),
    push: boolean({ description: 'push it to origin too' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionTag);
    const [kind = '', name] = args.extension.split('/', 2);
    if (name === undefined || semver.valid(flags.version) === null) {
      throw new ProvisioningError({
        code: 'INVALID_INPUT',
        kind: 'usage',
        message: `Expected <kind>/<name> --version MAJOR.MINOR.PATCH, got ${args.extension} ${flags.version}`,
      });
    }
    const tag = releaseTag(parsePackageKind(kind), name, semver.valid(flags.version)!);
    const state = await tagRelease(this.runtime.cwd, tag, { push: flags.push, check: this.globals.check });
    await this.out.result({ tag, state }, () => [
      `${this.out.style.mark('ok')} ${{ created: 'Tagged', present: 'Already tagged', 'would-create': 'Would tag' }[state]} ${tag}`,
    ]);
  }
}
