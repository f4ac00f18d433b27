import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTemplates } from '../../session/modules.ts';
import { select } from '../../session/workspace.ts';
import { counted } from '../../output/counted.ts';

export default class TemplateRefresh extends ProvisioningCommand {
  static override summary = 'Drop what is remembered of layers and templates and read them again';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update' };
  static override examples = ['provisioning template refresh'];

  async run(): Promise<void> {
    await this.parse(TemplateRefresh);
    const { path } = await select(this, 'none');
    await rm(join(path, '.cache', 'layers'), { recursive: true, force: true });
    const catalogue = await openTemplates(path);
    const templates = await catalogue.list();
    const custom = templates.filter(({ source }) => source === 'workspace').length;
    await this.out.result({ templates: templates.length, custom, broken: catalogue.broken.length }, () => [
      `${this.out.style.mark('ok')} ${counted(templates.length, 'template')}, ${custom} of them from the workspace`,
      ...catalogue.broken.map(({ message }) => `${this.out.style.mark('error')} ${message}`),
    ]);
  }
}
