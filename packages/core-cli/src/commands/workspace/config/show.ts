import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { mainFile, shownConfiguration } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { configurationOf, workspaceNamed } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceConfigShow extends ProvisioningCommand {
  static override summary = 'Print the merged configuration of a workspace; secrets are masked';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace config show',
    'provisioning workspace config show demo --out json',
    'provisioning workspace config show demo --format ncl',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    format: string({
      description: 'form of the answer; ts, ncl and kcl are the main file as it was written',
      options: ['yaml', 'json', 'toml', 'ts', 'ncl', 'kcl'],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceConfigShow);
    const workspace = await workspaceNamed(this, args.workspace);
    const { format } = flags;
    if (format === 'ts' || format === 'ncl' || format === 'kcl')
      return this.out.raw(await written(workspace, format));
    const value = shownConfiguration(await configurationOf(this, workspace));
    if (format === 'json') return this.out.raw(`${JSON.stringify(value, null, 2)}\n`);
    if (format === 'toml') {
      const { stringify } = await import('smol-toml');
      return this.out.raw(`${stringify(value as Record<string, unknown>)}\n`);
    }
    const { stringify } = await import('yaml');
    if (format === 'yaml') return this.out.raw(stringify(value));
    await this.out.result(value, () => stringify(value).trimEnd().split('\n'));
  }
}

/** @throws ProvisioningError `CONFIG_NOT_IN_FORMAT` (5) when the main file is in another language. */
async function written(
  workspace: { readonly name: string; readonly path: string },
  format: 'ts' | 'ncl' | 'kcl',
): Promise<string> {
  const file = mainFile(workspace.path);
  const extension = format === 'kcl' ? '.k' : `.${format}`;
  if (file?.endsWith(extension) === true) return readFile(file, 'utf8');
  throw new ProvisioningError({
    code: 'CONFIG_NOT_IN_FORMAT',
    kind: 'not-found',
    message: `The main file of workspace '${workspace.name}' is not ${format}: ${file === undefined ? 'none' : basename(file)}`,
    hint: `Convert it: provisioning workspace migrate-config ${workspace.name} --to ${format === 'kcl' ? 'ncl' : format}`,
  });
}
