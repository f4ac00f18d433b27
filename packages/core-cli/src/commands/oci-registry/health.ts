import { clientOf } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryControl, startedRegistry } from '../../oci-registry/control.ts';

export default class OciRegistryHealth extends ProvisioningCommand {
  static override summary = 'Ask the local registry whether it works';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci-registry health'];

  async run(): Promise<void> {
    await this.parse(OciRegistryHealth);
    const registry = await startedRegistry(registryControl(this));
    const client = clientOf(registry);
    const problem = await client
      .ping()
      .then(() => client.catalog())
      .then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    client.close();
    await this.out.result({ healthy: problem === undefined, error: problem ?? null }, () => [
      problem === undefined
        ? `${this.out.style.mark('ok')} Healthy`
        : `${this.out.style.mark('error')} ${problem}`,
    ]);
    if (problem !== undefined) this.exitCode = 1;
  }
}
