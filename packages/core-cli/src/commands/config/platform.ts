import { string as argument } from '@oclif/core/args';
import {
  dialectAsJsonSchema,
  serviceFileChange,
  serviceSchema,
  writeServiceFile,
  readForm,
  formOfSchema,
} from '@provisioning/core';
import { formFlags } from '../../form/flags.ts';
import { runForm } from '../../form/run.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { changedLines } from '../../output/difference.ts';
import { configurationOf, loadOptionsOf, select } from '../../session/workspace.ts';

export default class ConfigPlatform extends ProvisioningCommand {
  static override summary = 'Fill in the settings of a platform service and write its file';
  static override description =
    'Present values are the defaults of the form. Only what differs is written to config/platform/<service>.toml; comments\nand order stay. Without a terminal only --set and --values count.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update', interactive: true };
  static override examples = [
    'provisioning config platform orchestrator',
    'provisioning config platform orchestrator --set queue.max_concurrent_tasks=8 --check',
  ];
  static override args = { service: argument({ required: true, description: 'service' }) };
  static override flags = formFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigPlatform);
    const selection = await select(this, 'optional');
    const service = args.service!.replaceAll('_', '-');
    const schema = dialectAsJsonSchema(service, await serviceSchema(selection.path, service));
    const configuration = await configurationOf(this, selection);
    const section = ['platform', service.replaceAll('-', '_')];
    const template = formOfSchema(service, schema);
    const fields = (template['fields'] as Record<string, unknown>[]).map((field) => {
      const present = configuration.get([...section, ...String(field['name']).split('.')]);
      return present === undefined ? field : { ...field, default: present };
    });
    const form = readForm({ ...template, fields }, `${service}.schema.toml`);
    const { backend, ...rest } = flags;
    const values = await runForm(this, form, { ...rest, backend: backend === 'web' ? 'web' : 'cli' });
    const options = { ...loadOptionsOf(this, selection), workspace: selection };
    const change = await serviceFileChange(options, service, values);
    const lines = changedLines(change.oldText, change.newText);
    const result = { service, file: change.file, changed: lines.length > 0 };
    if (lines.length === 0) {
      await this.out.result(result, () => [`${this.out.style.mark('ok')} Nothing to change: ${change.file}`]);
      return;
    }
    if (this.globals.check) {
      await this.out.result({ ...result, check_mode: true }, () => [
        `${this.out.style.mark('warning')} Check mode: No changes will be made`,
        change.file,
        ...lines,
      ]);
      return;
    }
    if (change.oldText !== '') {
      for (const line of [change.file, ...lines]) this.out.progress(line);
      await this.confirm('Write these changes?');
    }
    await writeServiceFile(options, change);
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Written: ${change.file}`,
      ...(change.oldText === '' ? lines : []),
    ]);
  }
}
