import { string as argument } from '@oclif/core/args';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { clearCaches, listCaches } from '../../cache/caches.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { bytes } from '../../output/bytes.ts';

export default class CacheClear extends ProvisioningCommand {
  static override summary = 'Empty the local caches';
  static override description =
    'Everything in them is made or fetched again when it is needed; artifacts of registries need the network for that.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning cache clear --check',
    'provisioning cache clear oci config-cache',
    'provisioning cache clear',
  ];
  static override args = {
    cache: argument({ multiple: true, description: 'names of cache stats; default all' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(CacheClear);
    const caches = await listCaches(this);
    const names = args.cache ?? caches.map(({ name }) => name);
    const unknown = names.find((name) => !caches.some((cache) => cache.name === name));
    if (unknown !== undefined)
      throw noSuchCache(
        unknown,
        caches.map(({ name }) => name),
      );
    const chosen = caches.filter(({ name }) => names.includes(name));
    const { check } = this.globals;
    if (!check) await clearCaches(chosen);
    const size = chosen.reduce((sum, cache) => sum + cache.bytes, 0);
    await this.out.result({ check_mode: check, caches: chosen, freed: size }, () => {
      if (chosen.length === 0) return ['No caches found'];
      const what = `${bytes(size)} of ${chosen.map(({ name }) => name).join(', ')}`;
      const { style } = this.out;
      return [check ? `Would free ${what}` : `${style.mark('ok')} Freed ${what}`];
    });
  }
}

function noSuchCache(name: string, names: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'CACHE_NOT_FOUND',
    kind: 'not-found',
    message: [
      `Unknown cache: ${name}`,
      ...(names.length === 0 ? [] : ['', 'Available caches:', ...names.map((each) => `  • ${each}`)]),
    ].join('\n'),
  });
}
