import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { openRegistry, serviceFlags } from '../../../registry/service.ts';

export default class RegistryCacheClear extends ProvisioningCommand {
  static override summary = 'Empty the caches of the extension registry';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning registry cache clear --scope list'];
  static override flags = {
    ...serviceFlags,
    scope: string({ description: 'one cache; default all', options: ['metadata', 'list', 'version'] }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RegistryCacheClear);
    const registry = await openRegistry(this, flags);
    const { scope } = flags;
    if (!this.globals.check) await registry.text('DELETE', '/api/v1/cache', { scope });
    await this.out.result({ cleared: scope ?? 'all' }, () => [
      `${this.out.style.mark('ok')} ${this.globals.check ? 'Would clear' : 'Cleared'} ${scope ?? 'all caches'}`,
    ]);
  }
}
