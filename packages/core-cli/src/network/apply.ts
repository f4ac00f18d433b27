import { planNetwork } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import { openInfrastructure } from '../session/infrastructure.ts';

/** `network create` and `network update` (05 §7.5). */
export async function applyNetwork(command: ProvisioningCommand, verb: 'create' | 'update'): Promise<void> {
  await using session = await openInfrastructure(command);
  const { context, infrastructure } = session;
  const plan = await planNetwork(context, infrastructure);
  await carryOut(command, session, plan, {
    name: `network ${verb} ${infrastructure.name}`,
    command: `network.${verb}`,
    nothing: 'Nothing to do: the network is as defined',
    done: `Network of ${infrastructure.name} is as defined`,
    question: `Change the network of ${infrastructure.name}?`,
    confirm: session.configuration.get('preferences.confirm_deploy') !== false,
  });
}
