import { editorSchemas, namedSchemas } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class SchemaList extends ProvisioningCommand {
  static override summary = 'List the schemas: those of config schema and the files of schema export';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning schema list'];

  async run(): Promise<void> {
    await this.parse(SchemaList);
    const rows = [
      ...Object.keys(namedSchemas).map((name) => ({ name, from: 'config schema' })),
      ...Object.keys(editorSchemas()).map((name) => ({ name, from: 'schema export' })),
    ];
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'PRINTED BY', value: (row) => `provisioning ${row.from}` },
      ],
      'schemas',
    );
  }
}
