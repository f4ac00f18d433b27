import { switchUnits, type UnitVerb } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openInfrastructure } from '../session/infrastructure.ts';
import { placed } from './placed.ts';
import { taskservTargets } from './targets.ts';

const done: Readonly<Record<UnitVerb, string>> = {
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
};

/** `taskserv start|stop|restart`: the services only, one server after another. */
export async function switchTaskservs(
  command: ProvisioningCommand,
  verb: UnitVerb,
  words: readonly string[],
  flags: { readonly taskserv?: string; readonly servers?: readonly string[] },
): Promise<void> {
  await using session = await openInfrastructure(command);
  const targets = await taskservTargets(session, words, flags);
  const places = await placed(session, targets);
  const rows = places.map(({ server, use }) => ({
    service: use.name,
    target: server.hostname,
    action: verb,
  }));
  if (command.globals.check) {
    command.out.warn('Check mode: No changes will be made');
    await command.out.result({ check_mode: true, would: rows }, () =>
      rows.map(({ service, target }) => `Would ${verb} ${service} on ${target}`),
    );
    return;
  }
  if (verb !== 'start' && session.infrastructure.environment === 'production') {
    const list = rows.map(({ service, target }) => `${service} on ${target}`).join(', ');
    await command.confirm(`${verb === 'stop' ? 'Stop' : 'Restart'} ${list}?`);
  }
  const results: ((typeof rows)[number] & { readonly units: readonly string[] })[] = [];
  for (const { server, use, references } of places) {
    const units = await switchUnits(session.context, server, use, references, verb);
    results.push({ service: use.name, target: server.hostname, action: verb, units });
  }
  await command.out.result(results, () =>
    results.map(
      ({ service, target }) => `${command.out.style.mark('ok')} ${service} on ${target} ${done[verb]}`,
    ),
  );
}
