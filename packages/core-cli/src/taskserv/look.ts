import { taskservHealth, type TaskservStatus } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openInfrastructure } from '../session/infrastructure.ts';
import { placed } from './placed.ts';
import { taskservTargets } from './targets.ts';

/** How the taskservs of a command line stand on their servers. */
export async function lookAt(
  command: ProvisioningCommand,
  words: readonly string[],
  flags: { readonly taskserv?: string; readonly servers?: readonly string[] },
): Promise<readonly TaskservStatus[]> {
  await using session = await openInfrastructure(command);
  const targets = await taskservTargets(session, words, flags);
  const places = await placed(session, targets);
  // Not before the answers are here is the session closed.
  return await Promise.all(
    places.map(({ server, use, references }) => taskservHealth(session.context, server, use, references)),
  );
}
