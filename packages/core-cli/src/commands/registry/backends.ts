import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { Column } from '../../output/table.ts';
import { openRegistry, serviceFlags } from '../../registry/service.ts';

interface Backend {
  readonly id: string;
  readonly kind: string;
  readonly circuit: string;
  readonly healthy: boolean;
  readonly url: string;
  readonly last_error: string | null;
}

const columns: readonly Column<Backend>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'kind', value: ({ kind }) => kind },
  { title: 'circuit', value: ({ circuit }) => circuit },
  { title: 'url', value: ({ url }) => url },
  { title: 'last error', value: ({ last_error }) => last_error ?? '' },
];

export default class RegistryBackends extends ProvisioningCommand {
  static override summary = 'Show the state of the backends of the extension registry';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry backends'];
  static override flags = { ...serviceFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(RegistryBackends);
    const registry = await openRegistry(this, flags);
    const backends = await registry.get<readonly Backend[]>('/backends');
    await this.out.list(backends, columns, 'backends');
    if (backends.every(({ healthy }) => !healthy)) this.exitCode = 1;
  }
}
