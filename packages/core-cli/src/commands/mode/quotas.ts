import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';

interface Row {
  readonly subject: string;
  readonly resource: string;
  readonly used: number;
  readonly limit: number | null;
}

export default class ModeQuotas extends ProvisioningCommand {
  static override summary = 'Show what users have, and what the mode allows them';
  static override description =
    'Servers, cores and memory that are there or reserved for running workflows. Administrators see everybody, others\nthemselves.';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning mode quotas', 'provisioning mode quotas --user ann --out json'];
  static override flags = { user: string({ description: 'only this user; in cicd mode this pipeline' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(ModeQuotas);
    const api = await apiFor(this);
    const rows = await api.get<readonly Row[]>('/quotas', { user: flags.user });
    const amount = ({ resource }: Row, value: number) => (resource === 'memory' ? `${value} GB` : `${value}`);
    await this.out.list(
      rows,
      [
        { title: 'USER', value: (row) => row.subject },
        { title: 'RESOURCE', value: (row) => row.resource },
        { title: 'USED', value: (row) => amount(row, row.used) },
        { title: 'LIMIT', value: (row) => (row.limit === null ? 'unlimited' : amount(row, row.limit)) },
      ],
      'quotas',
    );
  }
}
