import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { openRegistry, serviceFlags } from '../../../registry/service.ts';

export default class RegistryCacheStats extends ProvisioningCommand {
  static override summary = 'Show the counters of the caches of the extension registry';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry cache stats'];
  static override flags = { ...serviceFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(RegistryCacheStats);
    const registry = await openRegistry(this, flags);
    const text = await registry.text('GET', '/cache/stats');
    const stats = JSON.parse(text) as Readonly<Record<string, number>>;
    await this.out.result(stats, () =>
      Object.entries(stats).map(([name, count]) => `${`${name}:`.padEnd(17)} ${count}`),
    );
  }
}
