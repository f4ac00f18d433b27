import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryControl } from '../../oci-registry/control.ts';

export default class OciRegistryStop extends ProvisioningCommand {
  static override summary = 'Stop the local registry';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning oci-registry stop'];
  static override flags = {
    remove: boolean({ description: 'delete its data too, after asking' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryStop);
    const control = registryControl(this);
    const registry = await control.current();
    if (flags.remove && registry !== undefined)
      await this.confirm(`Delete everything in ${registry.storage}?`);
    if (this.globals.check) {
      await this.out.result({ stopped: false }, () => ['Check mode: No changes will be made']);
      return;
    }
    const stopped = await control.stop();
    if (flags.remove && registry !== undefined) await control.remove(registry.storage);
    await this.out.result({ stopped, removed: flags.remove }, () => [
      stopped ? `${this.out.style.mark('ok')} Stopped` : 'The registry does not run',
    ]);
  }
}
