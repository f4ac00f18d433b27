import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { infraPath, loadTaskservPackage, resolveTaskservConfig, writeFileAtomic } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { encode } from '../../output/formats.ts';
import { findTaskserv, softwareVersion } from '../../taskserv/catalogue.ts';
import { title } from '../../taskserv/check.ts';
import { openTaskservs } from '../../taskserv/open.ts';

export default class TaskservGenerate extends ProvisioningCommand {
  static override summary =
    'Write the configuration of a taskserv into the infrastructure, to be changed there';
  static override description =
    'Every setting with its default, or with the values of a profile: infra/<name>/taskservs/<taskserv>.toml, or YAML with --out yaml.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'create' };
  static override examples = [
    'provisioning taskserv generate redis',
    'provisioning taskserv generate postgres --profile production --output postgres.toml',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };
  static override flags = {
    output: string({ description: 'file instead' }),
    force: boolean({ description: 'replace a file that is there' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservGenerate);
    const { selection, extensions } = await openTaskservs(this);
    const record = await findTaskserv(extensions, args.taskserv);
    const taskserv = await loadTaskservPackage(record.path);
    const use = { name: record.name, profile: this.globals.profile ?? 'default', config: {} };
    const config = resolveTaskservConfig(taskserv, use, 'the template');
    const format = this.globals.out === 'yaml' ? 'yaml' : 'toml';
    const file = this.#file(record.name, format, flags.output, selection);
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there && !flags.force) {
      throw new ProvisioningError({
        code: 'FILE_EXISTS',
        kind: 'conflict',
        message: `There is a file already: ${file}`,
        hint: 'Replace it with --force, or name another with --output.',
      });
    }
    const version = softwareVersion(record);
    const text = await encode(config, format, true);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      await this.out.raw(text);
      return;
    }
    await writeFileAtomic(file, text.endsWith('\n') ? text : `${text}\n`, 0o644);
    this.out.success(`Generated ${title(record.name)} configuration (version ${version})`);
    this.out.line(`Saved to: ${file}`);
  }

  #file(
    name: string,
    format: string,
    output: string | undefined,
    selection: Awaited<ReturnType<typeof openTaskservs>>['selection'],
  ): string {
    if (output !== undefined) return resolve(this.runtime.cwd, output);
    if (selection?.infra === undefined) {
      throw new ProvisioningError({
        code: 'INFRA_REQUIRED',
        kind: 'usage',
        message: 'Which infrastructure is meant? Name it with --infra, or a file with --output',
      });
    }
    const place = infraPath({ workspace: selection, infra: selection.infra });
    return join(place, 'taskservs', `${name}.${format}`);
  }
}
