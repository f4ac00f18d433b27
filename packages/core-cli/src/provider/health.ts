import type { ProvisioningCommand } from '../frame/command.ts';
import { openProviders } from '../session/providers.ts';

/** Shows the health record of one provider, or of all (06 §9). One that was named and does not answer fails the command. */
export async function reportHealth(command: ProvisioningCommand, provider?: string): Promise<void> {
  await using session = await openProviders(command);
  if (provider !== undefined) await session.catalogue.get('provider', provider);
  const rows = await session.registry.health(provider === undefined ? undefined : [provider]);
  await command.out.list(
    rows,
    [
      { title: 'PROVIDER', value: (row) => row.provider },
      { title: 'HEALTHY', value: (row) => (row.healthy ? 'yes' : 'no') },
      { title: 'LATENCY', value: (row) => `${Math.round(row.latency_ms)} ms` },
      { title: 'CHECKED', value: (row) => row.checked_at },
    ],
    'providers',
  );
  for (const { provider: name, error } of rows)
    if (error !== undefined) command.out.warn(`${name}: ${error}`);
  if (provider !== undefined && rows.some(({ healthy }) => !healthy)) command.exitCode = 1;
}
