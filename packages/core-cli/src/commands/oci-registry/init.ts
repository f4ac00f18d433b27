import { boolean, string } from '@oclif/core/flags';
import { htpasswdLine, namespacePolicies, readPassword } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryControl } from '../../oci-registry/control.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class OciRegistryInit extends ProvisioningCommand {
  static override summary = 'Prepare the local registry: namespaces and a user';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning oci-registry init --user ann --password-stdin'];
  static override flags = {
    user: string({ description: 'add or change a user' }),
    'password-stdin': boolean({ description: 'password of the user from standard input' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryInit);
    await using session = await openArtifacts(this, {});
    const namespaces = namespacePolicies(session.artifacts.settings.namespaces);
    const control = registryControl(this);
    if (flags.user !== undefined && !this.globals.check) {
      const password = await readPassword(flags['password-stdin'] ? { stdin: this.runtime.stdin } : {});
      await control.addUser(await htpasswdLine(flags.user, password));
    }
    await this.out.result(snakeKeys({ namespaces, user: flags.user ?? null }), () => [
      ...(flags.user === undefined
        ? []
        : [`${this.out.style.mark('ok')} User ${flags.user} may use a registry started with --auth`]),
      ...this.out.table(namespaces, [
        { title: 'namespace', value: ({ namespace }) => namespace },
        { title: 'keep tags', value: ({ keepTags }) => keepTags },
        { title: 'keep days', value: ({ keepDays }) => keepDays },
      ]),
    ]);
    const registry = await control.current();
    if (registry?.auth !== true)
      this.out.info('Without --auth the registry is open to everybody on this machine');
  }
}
