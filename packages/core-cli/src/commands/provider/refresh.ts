import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { counted } from '../../output/counted.ts';

export default class ProviderRefresh extends ProvisioningCommand {
  static override summary = 'Forget what is remembered of providers and their catalogues, and look again';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning providers refresh'];

  async run(): Promise<void> {
    await this.parse(ProviderRefresh);
    const { cache } = userDirectories(surroundingsOf(this.runtime));
    if (!this.globals.check) {
      await rm(join(cache, 'discovery.json'), { force: true });
      const files = await readdir(join(cache, 'providers'), { recursive: true }).catch(() => []);
      for (const file of files.filter((name) => /(^|[/\\])catalogue-[^/\\]*\.json$/.test(name)))
        await rm(join(cache, 'providers', file), { force: true });
    }
    await using session = await openProviders(this);
    const providers = await session.registry.list();
    const available = providers.filter((entry) => entry.available).length;
    await this.out.result({ providers: providers.length, available }, () => [
      `${this.out.style.mark('ok')} ${counted(providers.length, 'provider')}, ${available} available`,
    ]);
  }
}
