import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { workflowText } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { selectIfAny } from '../../session/modules.ts';

export default class GenerateWorkflow extends ProvisioningCommand {
  static override summary = 'Write a workflow file to start from';
  static override description =
    'It creates the servers of the infrastructure and installs their taskservs. Into workflows/<name>.toml of the workspace, else\n./<name>.toml, where it runs a command.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning generate workflow release',
    'provisioning generate workflow release --infra production --output ./workflows',
  ];
  static override args = { name: argument({ required: true, description: 'name of the workflow' }) };
  static override flags = {
    output: string({ description: 'folder instead of the workspace' }),
    force: boolean({ description: 'replace a file that is there' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GenerateWorkflow);
    const { name } = args;
    if (!/^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/.test(name)) {
      throw new ProvisioningError({
        code: 'INVALID_NAME',
        kind: 'usage',
        message: `Invalid workflow name: ${name}`,
        hint: 'Lower-case letters, digits, hyphens and underscores, at most 63',
      });
    }
    const selection = await selectIfAny(this);
    const folder = flags.output ?? (selection === undefined ? '.' : join(selection.path, 'workflows'));
    const file = join(folder.startsWith('/') ? '' : this.runtime.cwd, folder, `${name}.toml`);
    const { check } = this.globals;
    const text = await this.#text(name, selection?.infra);
    if (!check) await write(file, text, flags.force);
    const { style } = this.out;
    await this.out.result({ workflow: name, file, check_mode: check }, () => [
      check
        ? `${style.mark('info')} Would write ${file}`
        : `${style.mark('ok')} Generated workflow ${name}: ${file}`,
    ]);
    if (!check)
      await this.next(`provisioning workflow validate ${file}`, `provisioning workflow submit ${file}`);
  }

  async #text(name: string, infra: string | undefined): Promise<string> {
    if (infra === undefined) return workflowText(name, undefined);
    await using session = await openInfrastructure(this, infra);
    return workflowText(name, session.infrastructure);
  }
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ProvisioningError({
      code: 'WORKFLOW_EXISTS',
      kind: 'conflict',
      message: `Workflow already exists: ${file}`,
      hint: 'Choose another name, or use --force.',
    });
  }
}
