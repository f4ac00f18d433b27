import type { Configuration, Infrastructure } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openProviders } from '../session/providers.ts';

/** Providers of the definition, or of the configuration without one, that lack credentials. */
export async function providersWithoutCredentials(
  command: ProvisioningCommand,
  configuration: Configuration,
  definition?: Infrastructure,
): Promise<string[]> {
  const used = definition?.servers.map(({ provider }) => provider) ?? [];
  const usual = configuration.get('providers.default');
  const names = new Set(used.length > 0 ? used : typeof usual === 'string' ? [usual] : []);
  await using session = await openProviders(command);
  const bare: string[] = [];
  for (const name of names) {
    const provider = await session.project.provider(name).catch(() => undefined);
    const { errors = [] } = (await provider?.validateConfig({ online: false })) ?? {};
    if (errors.some(({ code }) => code === 'MISSING_CREDENTIAL')) bare.push(name);
  }
  return bare;
}
