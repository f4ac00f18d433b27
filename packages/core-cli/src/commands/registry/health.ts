import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openRegistry, serviceFlags } from '../../registry/service.ts';

interface Health {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly backends: Readonly<
    Record<
      string,
      {
        readonly instances: readonly {
          readonly id: string;
          readonly healthy: boolean;
          readonly error: string | null;
          readonly latency_ms: number;
        }[];
      }
    >
  >;
}

export default class RegistryHealth extends ProvisioningCommand {
  static override summary = 'Probe the extension registry and its backends';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry health'];
  static override flags = { ...serviceFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(RegistryHealth);
    const registry = await openRegistry(this, flags);
    const health = JSON.parse(await registry.text('GET', '/health', { deep: true }, [503])) as Health;
    const { style } = this.out;
    await this.out.result(health, () => [
      `${style.mark(health.status === 'unhealthy' ? 'error' : health.status === 'degraded' ? 'warning' : 'ok')} ${health.status}`,
      ...Object.entries(health.backends).flatMap(([kind, { instances }]) =>
        instances.map(
          ({ id, healthy, error, latency_ms }) =>
            `  ${style.mark(healthy ? 'ok' : 'error')} ${kind} ${id}: ${error ?? `${latency_ms} ms`}`,
        ),
      ),
    ]);
    if (health.status === 'unhealthy') this.exitCode = 1;
  }
}
