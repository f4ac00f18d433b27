import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { docsFolder } from '../../guide/locate.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { select } from '../../session/workspace.ts';

export default class InfoPaths extends ProvisioningCommand {
  static override summary = 'Folders this program reads and writes, and whether they exist';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning info paths'];

  async run(): Promise<void> {
    await this.parse(InfoPaths);
    const surroundings = surroundingsOf(this.runtime);
    const { config, data, cache } = userDirectories(surroundings);
    const selection = await select(this, 'optional').catch(() => undefined);
    const places: Record<string, string | undefined> = {
      installation: surroundings.installation,
      config,
      data,
      cache,
      logs: join(data, 'orchestrator', 'logs'),
      docs: docsFolder(),
      workspace: selection?.path,
    };
    const rows = Object.entries(places).flatMap(([name, path]) =>
      path === undefined ? [] : [{ name, path, exists: existsSync(path) }],
    );
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'PATH', value: (row) => row.path },
        { title: 'EXISTS', value: (row) => (row.exists ? 'yes' : 'no') },
      ],
      'paths',
    );
  }
}
