import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { type LoadedEntry, type ModuleSource, loadModules, parseKind } from '@provisioning/core';
import { namesOf } from '../../extension/names.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ModuleLoad extends ProvisioningCommand {
  static override summary = 'Put fixed copies of extensions into a workspace or infrastructure';
  static override description =
    'TARGET is ".", a folder, a workspace, or workspace:infra. What a module requires is loaded with it. Providers are\nlinked, everything else is copied. All or nothing.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning module load taskserv . kubernetes cilium',
    'provisioning module load taskserv demo:prod "[redis, postgres]" --check',
    'provisioning module load provider . local',
  ];
  static override args = {
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
    target: argument({ required: true, description: 'where to' }),
    names: argument({ required: true, multiple: true, description: 'modules' }),
  };
  static override flags = {
    source: string({ description: 'where from', options: ['local', 'core', 'installed'] }),
    version: string({ description: 'version or range, such as 1.28' }),
    link: boolean({ description: 'link instead of copying', exclusive: ['copy'] }),
    copy: boolean({ description: 'copy instead of linking' }),
    'no-deps': boolean({ description: 'without what they require' }),
    force: boolean({ description: 'replace another version; a changed folder is kept beside it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleLoad);
    const kind = parseKind(args.type);
    const { target, catalogue } = await openTarget(this, args.target);
    const { check } = this.globals;
    const mode = flags.link ? ('link' as const) : flags.copy ? ('copy' as const) : undefined;
    const entries = await loadModules({
      catalogue,
      kind,
      target,
      names: namesOf(args.names),
      source: flags.source as ModuleSource | undefined,
      version: flags.version,
      ...(mode === undefined ? {} : { mode }),
      dependencies: !flags['no-deps'],
      force: flags.force,
      check,
    });
    await this.out.result(
      { target: target.name, layer: target.layer, check_mode: check, modules: entries },
      () => [
        ...(check ? [`${this.out.style.mark('warning')} Check mode: No changes will be made`] : []),
        ...entries.flatMap((entry) => this.#lines(entry, check)),
      ],
    );
  }

  #lines(entry: LoadedEntry, check: boolean): string[] {
    const { style } = this.out;
    const { name, version, source, path, requiredBy, backup } = entry;
    if (entry.status === 'already-loaded')
      return [`${style.mark('info')} already loaded: ${name} ${version}`];
    return [
      ...(requiredBy === undefined ? [] : [`+ ${name} (required by ${requiredBy})`]),
      `${style.mark('ok')} ${check ? 'Would load' : 'Loaded'} ${name} ${version} (${source}) → ${path}`,
      ...(backup === undefined ? [] : [`${style.mark('info')} the changed folder is kept as ${backup}`]),
    ];
  }
}
