import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';

export default class About extends ProvisioningCommand {
  static override summary = 'What this program is';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning about'];

  async run(): Promise<void> {
    await this.parse(About);
    const { version } = this.host.catalogue;
    const about = {
      name: 'provisioning',
      version,
      description: 'Infrastructure automation for people who run servers',
      license: 'Apache-2.0',
    };
    await this.out.result(about, () => [
      `Provisioning ${version}`,
      about.description,
      '',
      'You describe servers and the services on them in typed files. The program plans the difference to what is there,',
      'shows it, and brings it about: on any cloud or machine, durably, and again without harm.',
      '',
      `Licence: ${about.license}`,
    ]);
  }
}
