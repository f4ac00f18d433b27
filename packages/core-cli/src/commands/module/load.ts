import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import {
  type ExtensionKind,
  type LoadedEntry,
  type ModuleSource,
  loadModules,
  parseKind,
} from '@provisioning/core';
import { identifyExtension, installExtensions } from '@provisioning/distribution';
import { installOptions } from '../../extension/installing.ts';
import { namesOf } from '../../extension/names.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { type RegistryFlags, registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { openTarget } from '../../session/modules.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class ModuleLoad extends ProvisioningCommand {
  static override summary = 'Put fixed copies of extensions into a workspace or infrastructure';
  static override description =
    'TARGET is ".", a folder, a workspace, or workspace:infra. What a module requires is loaded with it. Providers are\nlinked, everything else is copied. All or nothing.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning module load taskserv . kubernetes cilium',
    'provisioning module load taskserv demo:prod "[redis, postgres]" --check',
    'provisioning module load provider . local',
    'provisioning module load taskserv . valkey --source oci --registry registry.example.org:5000',
  ];
  static override args = {
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
    target: argument({ required: true, description: 'where to' }),
    names: argument({ required: true, multiple: true, description: 'modules' }),
  };
  static override flags = {
    source: string({
      description: 'where from; registry and oci install it first',
      options: ['local', 'core', 'installed', 'registry', 'oci'],
    }),
    ...registryFlags,
    version: string({ description: 'version or range, such as 1.28' }),
    link: boolean({ description: 'link instead of copying', exclusive: ['copy'] }),
    copy: boolean({ description: 'copy instead of linking' }),
    'no-deps': boolean({ description: 'without what they require' }),
    force: boolean({ description: 'replace another version; a changed folder is kept beside it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleLoad);
    const kind = parseKind(args.type);
    const names = namesOf(args.names);
    const fetchedFrom = flags.source === 'registry' || flags.source === 'oci' ? flags.source : undefined;
    if (fetchedFrom !== undefined) await this.#fetch(kind, names, flags);
    const { target, catalogue } = await openTarget(this, args.target, fetchedFrom !== undefined);
    const { check } = this.globals;
    const mode = flags.link ? ('link' as const) : flags.copy ? ('copy' as const) : undefined;
    const entries = await loadModules({
      catalogue,
      kind,
      target,
      names,
      ...(fetchedFrom === undefined
        ? { source: flags.source as ModuleSource | undefined }
        : { preferred: 'installed' as const, fetchedFrom }),
      version: flags.version,
      ...(mode === undefined ? {} : { mode }),
      dependencies: !flags['no-deps'],
      force: flags.force,
      check,
    });
    await this.out.result(
      snakeKeys({ target: target.name, layer: target.layer, check_mode: check, modules: entries }),
      () => [
        ...(check ? [`${this.out.style.mark('warning')} Check mode: No changes will be made`] : []),
        ...entries.flatMap((entry) => this.#lines(entry, check)),
      ],
    );
  }

  /** Installs for the user what is then loaded from there; a check leaves it at what is installed already (08 §5). */
  async #fetch(
    kind: ExtensionKind,
    names: readonly string[],
    flags: RegistryFlags & { readonly version?: string },
  ): Promise<void> {
    if (this.globals.check) return;
    await using session = await openArtifacts(this, flags);
    const { artifacts } = session;
    const range = flags.version === undefined ? '' : `@${flags.version}`;
    const modules = await Promise.all(
      names.map((name) => identifyExtension(artifacts, `${kind}/${name}${range}`, this.runtime.cwd)),
    );
    await installExtensions(artifacts, modules, installOptions(this, session));
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
