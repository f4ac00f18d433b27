import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { configuredMode, installProvider } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { installPacked } from '../../pack/installing.ts';
import { openTarget } from '../../session/modules.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class ProviderInstall extends ProvisioningCommand {
  static override summary = 'Install a provider into an infrastructure: as a link, or from a pack';
  static override description =
    'A link follows the source folder and is for development. Production and the modes cicd and enterprise take packs, whose version is pinned.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning providers install upcloud wuji',
    'provisioning providers install upcloud wuji --version 0.1.0',
    'provisioning providers install upcloud wuji --from ./packs/upcloud_prov_0.1.0.tar',
  ];
  static override args = {
    provider: argument({ required: true, description: 'name' }),
    infra: argument({ description: 'infrastructure; default the current one' }),
  };
  static override flags = {
    force: boolean({ description: 'replace a link that leads elsewhere' }),
    version: string({ description: 'exact version of a pack in the folder of packs' }),
    from: string({ description: 'file of a pack, or oci://<registry>/<repository>:<version>' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderInstall);
    const { target, catalogue } = await openTarget(this, args.infra);
    const { style } = this.out;
    const name = args.provider!;
    const packed = flags.from !== undefined || flags.version !== undefined;
    if (this.globals.check) {
      if (!packed) await catalogue.get('provider', name);
      await this.out.result({ infra: target.name, check_mode: true, provider: { name } }, () => [
        `${style.mark('info')} Would ${packed ? 'unpack' : 'link'} ${name} into ${target.name}`,
      ]);
      return;
    }
    const entry = packed
      ? await installPacked(this, target, { name, from: flags.from, version: flags.version })
      : await installProvider({
          catalogue,
          target,
          name,
          force: flags.force,
          pinnedOnly: await this.#pinnedOnly(),
        });
    const known = 'status' in entry && entry.status === 'already-loaded';
    await this.out.result(snakeKeys({ infra: target.name, check_mode: false, provider: entry }), () => [
      known
        ? `${style.mark('info')} already installed: ${name} ${entry.version}`
        : `${style.mark('ok')} Installed ${name} ${entry.version} → ${entry.path}`,
    ]);
  }

  async #pinnedOnly(): Promise<boolean> {
    if (/^prod(uction)?$/.test(this.globals.environment ?? '')) return true;
    const mode = await configuredMode(surroundingsOf(this.runtime));
    return mode === 'cicd' || mode === 'enterprise';
  }
}
