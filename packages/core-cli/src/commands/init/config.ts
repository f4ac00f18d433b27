import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  canonicalEnvironment,
  environmentTemplates,
  userConfigFile,
  userDirectories,
  userTemplate,
  writeNewFile,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { select } from '../../session/workspace.ts';

export default class InitConfig extends ProvisioningCommand {
  static override summary =
    'Write your configuration file from the template, or the overlay of an environment';
  static override description =
    'The template sets nothing: every setting stands in it commented out, with its default. With an environment the overlay\nof the workspace is written instead.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning init config', 'provisioning init config staging --force'];
  static override args = { environment: argument({ description: 'dev, test, prod or your own' }) };
  static override flags = {
    template: string({ description: 'file of your templates folder, without .toml' }),
    force: boolean({ description: 'overwrite a file that exists' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(InitConfig);
    const surroundings = surroundingsOf(this.runtime);
    const own = flags.template === undefined ? undefined : await this.#template(flags.template);
    const environment = args.environment === undefined ? undefined : canonicalEnvironment(args.environment);
    const file =
      environment === undefined
        ? userConfigFile(surroundings)
        : join((await select(this, 'none')).path, 'config', 'environments', `${environment}.toml`);
    const text =
      own ??
      (environment === undefined
        ? userTemplate()
        : ((environmentTemplates as Readonly<Record<string, string | undefined>>)[environment] ??
          `# Applied in the environment '${environment}'.\n`));
    await writeNewFile(file, text, { force: flags.force, check: this.globals.check });
    await this.out.result({ file, check_mode: this.globals.check }, () => [
      this.globals.check ? `Would write: ${file}` : `${this.out.style.mark('ok')} Written: ${file}`,
    ]);
  }

  async #template(name: string): Promise<string> {
    const folder = join(userDirectories(surroundingsOf(this.runtime)).config, 'templates');
    const file = join(folder, `${name}.toml`);
    const text = /^[A-Za-z0-9_-]+$/.test(name)
      ? await readFile(file, 'utf8').catch(() => undefined)
      : undefined;
    if (text !== undefined) return text;
    throw new ProvisioningError({
      code: 'TEMPLATE_NOT_FOUND',
      kind: 'not-found',
      message: `Configuration template not found: ${name}`,
      hint: `Put it into ${folder}`,
    });
  }
}
