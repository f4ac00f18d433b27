import { clientOf } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { endpointOf, registryControl, startedRegistry } from '../../oci-registry/control.ts';
import { formatBytes } from '../../oci/transfers.ts';

export default class OciRegistryStatus extends ProvisioningCommand {
  static override summary = 'Show the local registry';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci-registry status --out json'];

  async run(): Promise<void> {
    await this.parse(OciRegistryStatus);
    const control = registryControl(this);
    const registry = await startedRegistry(control);
    const client = clientOf(registry);
    const repositories = registry.running ? await client.catalog().catch(() => undefined) : undefined;
    client.close();
    const status = {
      ...registry,
      endpoint: endpointOf(registry),
      uptime_seconds: registry.running
        ? Math.round((this.runtime.now() - Date.parse(registry.started_at)) / 1000)
        : 0,
      storage_bytes: await control.size(registry.storage),
      repositories: repositories?.length ?? null,
      healthy: repositories !== undefined,
    };
    await this.out.result(status, () => [
      `Type: ${status.type}`,
      `Endpoint: ${status.endpoint}`,
      `Running: ${status.running ? `yes (pid ${status.pid}, ${status.uptime_seconds} s)` : 'no'}`,
      `Storage: ${status.storage} (${formatBytes(status.storage_bytes)})`,
      `Repositories: ${status.repositories ?? 'unknown'}`,
      `Health: ${status.healthy ? 'ok' : 'not answering'}`,
    ]);
  }
}
