import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

interface Row {
  readonly provider: string;
  readonly name: string;
  readonly used: number | null;
  readonly limit: number | null;
}

export default class ProviderQuota extends ProvisioningCommand {
  static override summary = 'Show limits and use of the providers of an infrastructure';
  static override spec: CommandSpec = { access: 'r' };
  static override examples = [
    'provisioning provider quota',
    'provisioning provider quota --infra shop --out json',
  ];

  async run(): Promise<void> {
    await this.parse(ProviderQuota);
    await using session = await openInfrastructure(this);
    const names = [...new Set(session.infrastructure.servers.map(({ provider }) => provider))].sort();
    const lists = await Promise.all(
      names.map(async (provider): Promise<Row[]> => {
        try {
          const limits = await (await session.context.provider(provider)).getQuota?.();
          if (limits === undefined) return [{ provider, name: 'n/a', used: null, limit: null }];
          return limits.map((entry) => ({ provider, ...entry }));
        } catch (error) {
          this.out.warn(`${provider}: ${ProvisioningError.from(error).message}`);
          return [];
        }
      }),
    );
    await this.out.list(
      lists.flat(),
      [
        { title: 'PROVIDER', value: (row) => row.provider },
        { title: 'NAME', value: (row) => row.name },
        { title: 'USED', value: (row) => (row.used === null ? '-' : String(row.used)) },
        { title: 'LIMIT', value: (row) => (row.limit === null ? '-' : String(row.limit)) },
        {
          title: '%',
          value: (row) =>
            row.used === null || !row.limit ? '-' : String(Math.round((100 * row.used) / row.limit)),
        },
      ],
      'limits',
    );
  }
}
