import { join, resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import {
  infraPath,
  loadTaskservPackage,
  mergeData,
  nodesSetting,
  resolveTaskservConfig,
  templateConfig,
  writeFileAtomic,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { splitList } from '../../argv/lists.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { encode } from '../../output/formats.ts';
import { refuseExisting } from '../../output/new-file.ts';
import { findTaskserv, softwareVersion } from '../../taskserv/catalogue.ts';
import { title } from '../../taskserv/check.ts';
import { openTemplates } from '../../session/modules.ts';
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
    'provisioning taskserv generate kubernetes --template production-kubernetes --servers cp-01,web-01',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };
  static override flags = {
    output: string({ description: 'file instead' }),
    template: string({ description: 'template whose values lie over the defaults' }),
    servers: string({
      description: 'servers it is meant for, by comma; they are written as its nodes',
      multiple: true,
    }),
    force: boolean({ description: 'replace a file that is there' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservGenerate);
    const { selection, extensions } = await openTaskservs(this);
    const record = await findTaskserv(extensions, args.taskserv);
    const taskserv = await loadTaskservPackage(record.path);
    const use = { name: record.name, profile: this.globals.profile ?? 'default', config: {} };
    const over =
      flags.template === undefined ? {} : await this.#template(flags.template, record.name, selection);
    const wanted = mergeData(over, nodesSetting(record.name, (flags.servers ?? []).flatMap(splitList)));
    const config = resolveTaskservConfig(taskserv, { ...use, config: wanted }, 'the template');
    const format = this.globals.out === 'yaml' ? 'yaml' : 'toml';
    const file = this.#file(record.name, format, flags.output, selection);
    await refuseExisting(file, flags.force);
    const version = softwareVersion(record);
    const text = await encode(config, format, true);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      const planned = { taskserv: record.name, version, file, check_mode: true, config };
      await this.out.result(planned, () => text.trimEnd().split('\n'));
      return;
    }
    await writeFileAtomic(file, text.endsWith('\n') ? text : `${text}\n`, 0o644);
    await this.out.result({ taskserv: record.name, version, file, config }, () => [
      `${this.out.style.mark('ok')} Generated ${title(record.name)} configuration (version ${version})`,
      `Saved to: ${file}`,
    ]);
  }

  /** What a template says of the taskserv. */
  async #template(
    name: string,
    taskserv: string,
    selection: Awaited<ReturnType<typeof openTaskservs>>['selection'],
  ): Promise<Record<string, unknown>> {
    const templates = await openTemplates(selection?.path);
    return templateConfig(templates, await templates.get(name), 'taskserv', taskserv);
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
