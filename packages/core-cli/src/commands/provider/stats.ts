import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';
import { counted } from '../../output/counted.ts';

interface Row {
  readonly provider: string;
  readonly loaded: boolean;
  readonly load_ms: number;
  readonly calls: number;
  readonly errors: number;
  readonly error?: string;
}

export default class ProviderStats extends ProvisioningCommand {
  static override summary = 'Load every available provider and tell how that went';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning providers stats', 'provisioning providers stats --out json'];

  async run(): Promise<void> {
    await this.parse(ProviderStats);
    await using session = await openProviders(this);
    const entries = await session.registry.list();
    const rows = await Promise.all(
      entries
        .filter(({ available }) => available)
        .map(async ({ name }): Promise<Row> => {
          const started = performance.now();
          const outcome = await session.project.provider(name).then(
            () => undefined,
            (thrown: unknown) => ProvisioningError.from(thrown).message,
          );
          const statistics = session.registry.statistics()[name];
          return {
            provider: name,
            loaded: outcome === undefined,
            load_ms: Math.round(performance.now() - started),
            calls: statistics?.calls ?? 0,
            errors: statistics?.errors ?? 0,
            ...(outcome === undefined ? {} : { error: outcome }),
          };
        }),
    );
    const loaded = rows.filter((row) => row.loaded).length;
    const result = {
      total: entries.length,
      loaded,
      failed: rows.length - loaded,
      manifests_read: session.catalogue.manifestsRead,
      providers: rows,
    };
    const { style } = this.out;
    await this.out.result(result, () => [
      `${counted(result.total, 'provider')}, ${loaded} loaded, ${result.failed} failed, ${counted(result.manifests_read, 'manifest')} read anew`,
      ...rows.map(
        (row) =>
          `  ${style.mark(row.loaded ? 'ok' : 'error')} ${row.provider}: ${row.error ?? `${row.load_ms} ms`}`,
      ),
    ]);
  }
}
