import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import {
  applyTemplate,
  generateInfrastructure,
  loadInfrastructure,
  workspaceTemplates,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTemplates, selectIfAny } from '../../session/modules.ts';

export default class GenerateInfra extends ProvisioningCommand {
  static override summary = 'Write the definition of a new infrastructure';
  static override description =
    'Into infra/<name> of the workspace, else ./<name>. --from copies another one with new hostnames and without its state.\n--template is the content of a new one (minimal, demo, kubernetes, …), or a template that is applied to it.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning generate infra --new staging',
    'provisioning generate infra staging --template kubernetes --provider hetzner',
    'provisioning generate infra --from production --name production-green',
  ];
  static override args = { name: argument({ description: 'name of the new infrastructure' }) };
  static override flags = {
    name: string({ description: 'name instead of the argument' }),
    provider: string({ description: 'provider of its servers' }),
    from: string({ description: 'infrastructure to copy' }),
    output: string({ description: 'folder instead of the workspace' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GenerateInfra);
    const name = this.globals.new ?? flags.name ?? args.name;
    if (name === undefined) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Missing required argument: name\nUsage: provisioning generate infra --new <name>',
      });
    }
    const selection = await selectIfAny(this);
    const wanted = this.globals.template;
    const own = workspaceTemplates.some((template) => template.name === wanted);
    const templates = await openTemplates(selection?.path);
    // Told before anything is written.
    if (wanted !== undefined && !own) await templates.get(wanted);
    const result = await generateInfrastructure({
      name,
      check: this.globals.check,
      ...(selection === undefined
        ? { output: this.runtime.cwd }
        : { workspacePath: selection.path, workspaceName: selection.name }),
      ...(flags.output === undefined ? {} : { output: resolve(this.runtime.cwd, flags.output) }),
      ...(flags.provider === undefined ? {} : { provider: flags.provider }),
      ...(flags.from === undefined ? {} : { from: flags.from }),
      ...(own && wanted !== undefined ? { template: wanted } : {}),
    });
    let applied: readonly string[] = [];
    if (wanted !== undefined && !own && !this.globals.check) {
      const infrastructure = await loadInfrastructure({
        workspacePath: selection?.path ?? this.runtime.cwd,
        ...(selection === undefined ? {} : { workspaceName: selection.name }),
        infra: result.path,
      });
      // A new infrastructure is smaller than what many templates ask for: that is a warning here.
      const outcome = await applyTemplate({
        catalogue: templates,
        name: wanted,
        infrastructure,
        force: true,
      });
      for (const warning of outcome.warnings) this.out.warn(warning);
      applied = outcome.files.map(({ path }) => path);
    }
    const { style } = this.out;
    const renamed = Object.entries(result.renamed);
    await this.out.result({ ...result, applied, check_mode: this.globals.check }, () => [
      `${style.mark('ok')} ${this.globals.check ? 'Would create' : 'Created'} infrastructure '${name}': ${result.path}`,
      ...result.files.map((file) => `  ${file}`),
      ...applied.map((file) => `  ${file} (template ${wanted ?? ''})`),
      ...renamed.map(([from, to]) => `  ${from} → ${to}`),
    ]);
    this.out.next([`provisioning infra validate ${name}`, `provisioning plan --infra ${name}`]);
  }
}
