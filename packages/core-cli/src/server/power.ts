import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { operations } from '@provisioning/core';
import type { Change, OperationNode } from '@provisioning/extensions-sdk';
import { operationAnswer } from '../execution/answer.ts';
import { execute } from '../execution/execute.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { renderChanges } from '../plan/render.ts';
import { openInfrastructure } from '../session/infrastructure.ts';
import { underLock } from '../session/locks.ts';
import { findServer } from './find.ts';

export const powerArguments = {
  server: argument({ required: true, multiple: true, description: 'hostname' }),
};
export const powerFlags = { force: boolean({ description: 'hard, and also when the server is locked' }) };

const done = { start: 'started', stop: 'stopped', restart: 'restarted' } as const;

/** `server start|stop|restart`: one operation a server (05 §7.4). */
export async function switchServers(
  command: ProvisioningCommand,
  verb: 'start' | 'stop' | 'restart',
  names: readonly string[],
  force: boolean,
): Promise<void> {
  await using session = await openInfrastructure(command);
  const nodes: OperationNode[] = [];
  for (const name of new Set(names)) {
    const server = await findServer(session, name);
    nodes.push({
      id: `${verb}-${name}`,
      type: `server.${verb}`,
      name,
      input: { server, force },
      dependencies: [],
      resources: [`server/${name}`],
    });
  }
  const changes: Change[] = [];
  for (const node of nodes)
    changes.push(...(await operations.get(node.type)!.plan(session.context, node.input)));
  if (command.globals.check) {
    command.out.warn('Check mode: No changes will be made');
    await command.out.result({ check_mode: true, changes }, () =>
      renderChanges(changes, command.out.style, { unchanged: true }),
    );
    return;
  }
  if (verb !== 'start')
    await command.confirm(
      `${verb === 'stop' ? 'Stop' : 'Restart'} ${nodes.map(({ name }) => name).join(', ')}?`,
    );
  const name = `server ${verb} ${session.infrastructure.name}`;
  const place = { workspace: session.selection, configuration: session.configuration };
  const execution = await underLock(command, place, name, (signal) =>
    execute(command, session, { name, kind: 'server', command: `server.${verb}`, nodes, signal }),
  );
  const answer = operationAnswer(`server.${verb}`, changes, execution);
  await command.out.result(answer, () =>
    nodes.map(({ name }) => `${command.out.style.mark('ok')} Server ${done[verb]}: ${name}`),
  );
}
