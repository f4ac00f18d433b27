import { ProvisioningError } from '@provisioning/extensions-sdk';
import { splitList } from '../argv/lists.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { ask } from '@provisioning/core';
import { canPrompt } from '../prompt/confirm.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import type { Placing } from './targets.ts';

/**
 * Places what no definition places (07 §5.2): a terminal is asked for the servers; `--yes` stands for all that can have
 * it, and says so; without either nothing is guessed.
 */
export function askForServers(command: ProvisioningCommand, session: InfrastructureSession): Placing {
  return async (names, able) => {
    const what = names.join(', ');
    const nowhere = `No server of '${session.infrastructure.name}' has ${what} in its definition`;
    const { globals, out, runtime } = command;
    if (globals.yes || globals.check) {
      out.warn(`${nowhere}: ${globals.yes ? '--yes installs it' : 'it would go'} on ${able.join(', ')}`);
      return able;
    }
    if (!canPrompt(runtime)) {
      throw new ProvisioningError({
        code: 'SERVERS_REQUIRED',
        kind: 'usage',
        message: `${nowhere}; name the servers`,
        hint: `--servers ${able[0]!} installs it there, --yes on all that can have it: ${able.join(', ')}`,
      });
    }
    out.progress(`${nowhere}. Servers that can have it: ${able.join(', ')}`);
    const answer = (await ask(runtime, `Install ${what} on which servers (names, or all)? `)).trim();
    if (answer === '') throw new ProvisioningError({ code: 'CANCELLED', message: 'Cancelled' });
    return answer === 'all' ? able : splitList(answer);
  };
}
