import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { convertMainFile, listWorkspaces } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceMigrateConfig extends ProvisioningCommand {
  static override summary = 'Write the main file of a workspace in another language';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace migrate-config demo --to ts',
    'provisioning workspace migrate-config --all --to yaml --check',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    all: boolean({ description: 'every registered workspace' }),
    to: string({ description: 'language', options: ['toml', 'yaml', 'ts', 'ncl'], default: 'toml' }),
    backup: boolean({ description: 'keep a copy beside it' }),
    force: boolean({ description: 'replace a file of that name' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceMigrateConfig);
    const surroundings = surroundingsOf(this.runtime);
    const workspaces = flags.all
      ? (await listWorkspaces(surroundings)).filter(({ exists }) => exists)
      : [await workspaceNamed(this, args.workspace)];
    const results: { name: string; from: string; to: string }[] = [];
    for (const { name, path } of workspaces) {
      const { from, to, text } = await convertMainFile({
        surroundings,
        workspace: { name, path },
        to: flags.to as 'toml' | 'yaml' | 'ts' | 'ncl',
        check: this.globals.check,
        backup: flags.backup,
        force: flags.force,
      });
      results.push({ name, from, to });
      if (this.globals.check) this.out.progress(text.trimEnd());
    }
    await this.out.result(results, () =>
      results.map(({ from, to }) =>
        from === to
          ? `Nothing to do: ${from}`
          : this.globals.check
            ? `Would write: ${to}`
            : `${this.out.style.mark('ok')} ${to} (the old file is ${from}.bak)`,
      ),
    );
  }
}
