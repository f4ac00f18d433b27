import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { initModules, targetOfFolder } from '@provisioning/core';
import { optionalNames } from '../../extension/names.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openCatalogue } from '../../session/modules.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class ModuleInit extends ProvisioningCommand {
  static override summary = 'Make the folders of an infrastructure and load modules into it';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning module init infra/prod --taskservs kubernetes,cilium --providers local',
  ];
  static override args = {
    folder: argument({ required: true, description: 'folder of the infrastructure' }),
  };
  static override flags = {
    taskservs: string({ description: 'taskservs to load', multiple: true }),
    providers: string({ description: 'providers to load', multiple: true }),
    clusters: string({ description: 'clusters to load', multiple: true }),
    'infra-name': string({ description: 'make a folder of this name below the given one' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleInit);
    const folder = resolve(this.runtime.cwd, args.folder);
    const target = await targetOfFolder(folder);
    const loaded = await initModules({
      folder,
      infraName: flags['infra-name'],
      catalogue: openCatalogue(this, { workspacePath: target.workspacePath, infra: target.infra }),
      modules: {
        taskserv: optionalNames(flags.taskservs),
        provider: optionalNames(flags.providers),
        cluster: optionalNames(flags.clusters),
      },
    });
    const ok = this.out.style.mark('ok');
    await this.out.result(snakeKeys({ path: folder, modules: loaded }), () => [
      `${ok} Infrastructure folders ready: ${folder}`,
      ...loaded.map(({ name, version, path }) => `${ok} Loaded ${name} ${version} → ${path}`),
    ]);
  }
}
