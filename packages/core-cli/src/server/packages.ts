import { runOperation, selectServers } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';

/** `server update --os-update` (05 §9.5): one server at a time; the first that fails stops the run. */
export async function updatePackages(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  names: readonly string[] | undefined,
  reboot: boolean,
): Promise<void> {
  const { out } = command;
  const { infrastructure, context } = session;
  const servers = selectServers(infrastructure, names);
  if (command.globals.check) {
    await out.result({ check_mode: true, servers: servers.map(({ hostname }) => hostname) }, () => [
      `${out.style.mark('warning')} Check mode: No changes will be made`,
      'Would update:',
      ...servers.map(({ hostname }) => `- Server: ${hostname} (packages of the operating system)`),
    ]);
    return;
  }
  await command.confirm(`Update the packages of ${servers.map(({ hostname }) => hostname).join(', ')}?`);
  out.progress(`Updating OS packages on ${infrastructure.name} servers...`);
  const results: { hostname: string; packages: number; rebooted: boolean }[] = [];
  for (const { hostname, provider } of servers) {
    out.progress(`${hostname}: Updating packages...`);
    const input = { server: { hostname, provider }, reboot };
    const node = { id: hostname, type: 'server.os-update', name: hostname, input, dependencies: [] };
    const result = (await runOperation(node, context)) as (typeof results)[number];
    results.push(result);
    out.success(`${hostname}: ${result.packages} packages updated${result.rebooted ? ', restarted' : ''}`);
  }
  await out.result({ servers: results }, () => ['OS updates complete!']);
}
