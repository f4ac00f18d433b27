import { boolean } from '@oclif/core/flags';
import { outrankedWarning, type ProviderEntry } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { ProviderSchemas } from '@provisioning/extensions-sdk';
import type { Column } from '../../output/table.ts';
import { schemaRows, schemasOf } from '../../provider/schema.ts';
import { openProviders } from '../../session/providers.ts';

type Row = ProviderEntry & { readonly schema?: ProviderSchemas | null };

const schemaColumn: Column<Row> = {
  title: 'SCHEMA',
  value: ({ schema }) => (schema ? `${schemaRows(schema).length} settings` : 'none'),
};

export default class ProviderList extends ProvisioningCommand {
  static override summary = 'List the providers that can be used here';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning provider list',
    'provisioning providers list --available-only --out json',
  ];
  static override flags = {
    schema: boolean({
      description: 'say who describes its settings; the schemas themselves with --out json',
      aliases: ['kcl'],
    }),
    'available-only': boolean({ description: 'only those that are enabled and allowed here' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ProviderList);
    await using session = await openProviders(this);
    const found = await session.registry.list({ availableOnly: flags['available-only'] });
    const rows: readonly Row[] = flags.schema
      ? await Promise.all(
          found.map(async (row) => ({ ...row, schema: await schemasOf(session.project, row.name) })),
        )
      : found;
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'VERSION', value: (row) => row.version },
        { title: 'TYPE', value: (row) => row.type },
        { title: 'STATUS', value: (row) => row.status },
        { title: 'CERTIFIED', value: (row) => (row.certified ? 'yes' : 'no') },
        { title: 'SOURCE', value: (row) => row.source },
        ...(flags.schema ? [schemaColumn] : []),
      ],
      'providers',
    );
    for (const stranger of session.catalogue.outranked) this.out.warn(outrankedWarning(stranger));
    for (const { name, error } of rows) if (error !== undefined) this.out.warn(`${name}: ${error}`);
  }
}
