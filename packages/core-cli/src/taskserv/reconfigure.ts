import { type Infrastructure, installedOn, planDeploy } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import { openInfrastructure } from '../session/infrastructure.ts';
import { onlySelected } from './own-plan.ts';
import { selectFor } from './selection.ts';
import { namesOn, taskservTargets } from './targets.ts';

const words = {
  configure: { state: 'configured as defined', done: 'Configured', question: 'Configure' },
  reset: { state: 'as its package has it', done: 'Reset', question: 'Reset to the defaults of the package:' },
} as const;

/** `taskserv configure` and `reset`: the configuration of what is installed, to the definition or to the defaults. */
export async function reconfigure(
  command: ProvisioningCommand,
  verb: keyof typeof words,
  names: readonly string[],
  flags: { readonly taskserv?: string; readonly servers?: readonly string[] },
): Promise<void> {
  await using session = await openInfrastructure(command);
  const targets = await taskservTargets(session, names, flags);
  const selected = await selectFor(command, session, targets, { force: true });
  const definition =
    verb === 'reset' ? withoutConfiguration(selected.definition, targets.names) : selected.definition;
  const byServer = new Map<string, readonly string[]>();
  for (const server of session.infrastructure.servers) {
    if (!targets.hostnames.includes(server.hostname)) continue;
    const installed = await installedOn(session.context, server);
    byServer.set(
      server.hostname,
      namesOn(targets, server.hostname).filter((one) => installed.has(one)),
    );
  }
  const what = targets.names.join(', ');
  if ([...byServer.values()].every((list) => list.length === 0)) {
    throw new ProvisioningError({
      code: 'NOT_INSTALLED',
      message: `Service ${what} is not installed on ${targets.hostnames.join(', ')}`,
      hint: `Install it: provisioning taskserv create ${targets.names[0]!}`,
    });
  }
  const plan = await planDeploy(session.context, definition, {
    targets: targets.hostnames,
    readOnly: command.globals.check,
  });
  await carryOut(command, session, onlySelected(plan, byServer), {
    name: `taskserv ${verb} ${targets.names.join(' ')}`,
    command: `taskserv.${verb}`,
    kind: 'taskserv',
    nothing: `Nothing to do: ${what} is ${words[verb].state}`,
    done: `${words[verb].done} ${what} on ${targets.hostnames.join(', ')}`,
    question: `${words[verb].question} ${what} on ${targets.hostnames.join(', ')}?`,
    confirm: verb === 'reset' || session.infrastructure.environment === 'production',
  });
}

/** The definition with these taskservs as their packages have them, on every server. */
function withoutConfiguration(infrastructure: Infrastructure, names: readonly string[]): Infrastructure {
  const plain = (name: string): boolean => names.includes(name);
  return {
    ...infrastructure,
    taskservs: Object.fromEntries(Object.entries(infrastructure.taskservs).filter(([name]) => !plain(name))),
    servers: infrastructure.servers.map((server) => ({
      ...server,
      taskservs: server.taskservs.map((entry) =>
        plain(entry.name) ? { ...entry, profile: 'default', config: {} } : entry,
      ),
    })),
  };
}
