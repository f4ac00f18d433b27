import { basename, join } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import {
  coreSources,
  type InitResult,
  initWorkspace,
  type WorkspaceFormat,
  workspaceTemplates,
  ask,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { canPrompt } from '../../prompt/confirm.ts';
import { namesOf } from '../../extension/names.ts';
import { coreSettings, setUpRepository, takeDefaultModule, takeModules } from '../../workspace/after-init.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf } from '../../session/workspace.ts';
import { counted } from '../../output/counted.ts';

export default class WorkspaceInit extends ProvisioningCommand {
  static override summary = 'Make a workspace';
  static override description =
    'A name makes it below ~/workspaces, a path makes it there. It is activated when asked for or when no other workspace\nis active. Without arguments, a terminal is asked for name, description, provider, infrastructure and template.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workspace init demo --template demo --activate',
    'provisioning workspace init ./code/shop --infra-name shop --check',
    'provisioning workspace init shop --format yaml --taskservs os --git',
  ];
  static override args = {
    target: argument({ description: 'name, or path of the new workspace' }),
    path: argument({ description: 'path, when the first argument is a name' }),
  };
  static override flags = {
    name: string({ description: 'name instead of the argument' }),
    description: string({ description: 'one line about the workspace' }),
    'infra-name': string({ description: 'name of the first infrastructure' }),
    'no-infra': boolean({ description: 'make no infrastructure' }),
    template: string({
      char: 't',
      description: 'what the new workspace holds',
      options: workspaceTemplates.map(({ name }) => name),
      default: 'minimal',
    }),
    format: string({
      description: 'language of the main file and the definitions',
      options: ['toml', 'yaml', 'ts', 'ncl'],
      default: 'toml',
    }),
    providers: string({ description: 'providers to configure', multiple: true }),
    taskservs: string({ description: 'modules to load into the infrastructure', multiple: true }),
    git: boolean({ description: 'make it a Git repository with a first commit' }),
    remote: string({
      description: 'address of the repository to push to, or gitea to make one there; with --git',
      dependsOn: ['git'],
    }),
    'dep-option': string({
      description: 'where the core package comes from',
      options: [...coreSources],
    }),
    activate: boolean({ description: 'make it the active workspace' }),
    overwrite: boolean({ description: 'rewrite generated files of an existing workspace, after a backup' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceInit);
    const surroundings = surroundingsOf(this.runtime);
    const asked = args.target === undefined && flags.name === undefined ? await this.#ask() : {};
    const configuration = await configurationOf(this);
    const workspaces = configuration.get('paths.workspaces');
    const result = await initWorkspace({
      surroundings,
      version: this.host.catalogue.version,
      target: args.target,
      path: args.path,
      name: flags.name,
      description: flags.description,
      template: flags.template,
      infra: flags['infra-name'],
      noInfra: flags['no-infra'],
      providers: flags.providers === undefined ? undefined : namesOf(flags.providers),
      format: flags.format as WorkspaceFormat,
      core: coreSettings(configuration, flags['dep-option']),
      activate: flags.activate,
      overwrite: flags.overwrite,
      check: this.globals.check,
      signal: this.signal,
      ...(typeof workspaces === 'string' && workspaces !== '' ? { workspaces } : {}),
      ...asked,
    });
    if (this.globals.check) return this.#printCheck(result);
    await takeDefaultModule(this, result);
    if (flags.taskservs !== undefined) await takeModules(this, result, namesOf(flags.taskservs));
    if (flags.git) await setUpRepository(this, result, flags.remote, configuration);
    await this.#printResult(result);
  }

  async #printCheck(result: InitResult): Promise<void> {
    const would = result.files.map((name) => ({ verb: 'create', kind: 'file', name, detail: '' }));
    const document = {
      check_mode: true,
      action: 'create',
      resource: 'workspace',
      name: result.name,
      infra: result.infra ?? null,
      status: 'planned',
      would,
      requirements: { met: true, missing: [] },
      warnings: [],
      errors: [],
    };
    await this.out.result(document, () => [
      `${this.out.style.mark('ok')} Validation passed`,
      `${this.out.style.mark('warning')} Check mode: No changes will be made`,
      '',
      'Would create:',
      `  - Workspace: ${result.name} at ${result.path}`,
      ...(result.infra === undefined ? [] : [`  - Infrastructure: ${result.infra}`]),
      `  - ${counted(result.files.length, 'file')}`,
    ]);
  }

  async #printResult(result: InitResult): Promise<void> {
    const ok = this.out.style.mark('ok');
    const folder = result.infra === undefined ? result.path : `${result.path}/infra/${result.infra}`;
    await this.out.result(result, () => [
      `${ok} Workspace '${result.name}' created successfully`,
      `${ok} Configuration template generated`,
      ...(result.activated ? [`${ok} Workspace activated`] : []),
      ...(result.backup === undefined ? [] : [`  The old files are in ${result.backup}`]),
    ]);
    await this.next(
      result.activated
        ? `edit ${join(folder, result.files.map((file) => basename(file)).find((file) => file.startsWith('servers.')) ?? 'servers.toml')}`
        : `provisioning workspace activate ${result.name}`,
      'provisioning plan',
      'provisioning deploy',
    );
  }

  async #ask(): Promise<Partial<Parameters<typeof initWorkspace>[0]>> {
    if (!canPrompt(this.runtime) || this.globals.yes) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message:
          'Missing required argument: workspace name\nUsage: provisioning workspace init <name> [path]',
      });
    }
    const read = async (question: string, fallback: string): Promise<string> => {
      const answer = (
        await ask(this.runtime, `${question}${fallback === '' ? '' : ` (${fallback})`}: `)
      ).trim();
      return answer === '' ? fallback : answer;
    };
    const name = await read('Name', '');
    const description = await read('Description', '');
    const provider = await read('Provider', 'local');
    const infra = await read('Infrastructure', 'main');
    const template = await read(
      `Template [${workspaceTemplates.map((entry) => entry.name).join(', ')}]`,
      'minimal',
    );
    return { target: name, description, providers: [provider], infra, template };
  }
}
