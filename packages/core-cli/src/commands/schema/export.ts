import { string as argument } from '@oclif/core/args';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { editorSchemas, writeFileAtomic } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { selectOptional } from '../../session/workspace.ts';

export default class SchemaExport extends ProvisioningCommand {
  static override summary = 'Write JSON Schemas that editors use for completion and checks';
  static override description =
    'For TOML and YAML files of workspaces. In a workspace they go to .provisioning/schemas, with the line that makes an\neditor use them.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning schema export', 'provisioning schema export ./schemas --check'];
  static override args = { folder: argument({ description: 'folder that receives the files' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(SchemaExport);
    const selection = await selectOptional(this);
    const folder =
      args.folder === undefined
        ? join(selection?.path ?? this.runtime.cwd, '.provisioning', 'schemas')
        : resolve(this.runtime.cwd, args.folder);
    const files: { file: string; changed: boolean }[] = [];
    for (const [name, schema] of Object.entries(editorSchemas())) {
      const file = join(folder, name);
      const text = `${JSON.stringify(schema, null, 2)}\n`;
      const changed = (await readFile(file, 'utf8').catch(() => '')) !== text;
      if (changed && !this.globals.check) await writeFileAtomic(file, text, 0o644);
      files.push({ file, changed });
    }
    await this.out.result(files, () => [
      ...files.map(({ file, changed }) =>
        changed ? `${this.globals.check ? 'Would write' : 'Written'}: ${file}` : `Up to date: ${file}`,
      ),
      '',
      'In TOML, first line of a file:  #:schema <path>/servers.schema.json',
      'In YAML, first line of a file:  # yaml-language-server: $schema=<path>/servers.schema.json',
    ]);
  }
}
