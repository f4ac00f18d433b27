import { boolean, string } from '@oclif/core/flags';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '@provisioning/core';
import {
  type ArtifactSession,
  HarborAdministration,
  htpasswdLine,
  namespacePolicies,
  type NamespacePolicy,
  readPassword,
  refuseDefaultPassword,
} from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryControl } from '../../oci-registry/control.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class OciRegistryInit extends ProvisioningCommand {
  static override summary = 'Prepare the local registry: namespaces and a user';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning oci-registry init --user ann --password-stdin',
    'provisioning oci-registry init --type harbor --admin-password-stdin --user ci',
  ];
  static override flags = {
    type: string({
      options: ['zot', 'harbor', 'distribution', 'embedded'],
      description: 'kind of registry; harbor prepares the one of oci.registry by its API',
    }),
    'admin-password-stdin': boolean({ description: 'harbor: password of admin from standard input' }),
    user: string({ description: 'add or change a user; harbor: make a robot account' }),
    'password-stdin': boolean({ description: 'password of the user from standard input' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryInit);
    await using session = await openArtifacts(this, {});
    const namespaces = namespacePolicies(session.artifacts.settings.namespaces);
    if (flags.type === 'harbor') return this.#harbor(session.artifacts, namespaces, flags);
    if (flags['admin-password-stdin'])
      throw usage(
        '--admin-password-stdin belongs to --type harbor',
        'other registries have no administrator',
      );
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
  async #harbor(
    artifacts: ArtifactSession,
    namespaces: readonly NamespacePolicy[],
    flags: {
      readonly user?: string;
      readonly 'password-stdin': boolean;
      readonly 'admin-password-stdin': boolean;
    },
  ): Promise<void> {
    if (!flags['admin-password-stdin'])
      throw usage('Password required: use --admin-password-stdin', 'Harbor is prepared by its account admin');
    if (flags['password-stdin'])
      throw usage(
        '--password-stdin does not go with --type harbor',
        'Harbor makes the secret of a robot itself',
      );
    const password = await readPassword({ stdin: this.runtime.stdin });
    refuseDefaultPassword(password);
    const { registry: host, tokenFile } = artifacts.settings;
    let user: string | null = null;
    if (!this.globals.check) {
      const registry = artifacts.connectAs(host, {
        get: () => Promise.resolve({ username: 'admin', password }),
      });
      try {
        const harbor = new HarborAdministration(registry, artifacts.call);
        const projects = await harbor.prepare(namespaces);
        if (flags.user !== undefined) {
          const robot = await harbor.robot(flags.user, projects);
          const file = join(dirname(tokenFile!), `harbor-${encodeURIComponent(flags.user)}`);
          await mkdir(dirname(file), { recursive: true, mode: 0o700 });
          await writeFileAtomic(file, `${robot.secret}\n`, 0o600);
          user = robot.name;
          this.out.info(`Its secret is in ${file}: set oci.username = "${user}" and oci.auth_token_path`);
        }
      } finally {
        registry.close();
      }
    }
    await this.out.result(snakeKeys({ namespaces, user }), () => [
      `${this.out.style.mark('ok')} Harbor at ${host}: projects, access and retention${user === null ? '' : `, robot account ${user}`}`,
    ]);
  }
}

function usage(message: string, hint: string): ProvisioningError {
  return new ProvisioningError({ code: 'INVALID_FLAGS', kind: 'usage', message, hint });
}
