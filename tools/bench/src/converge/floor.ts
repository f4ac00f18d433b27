import { join } from 'node:path';
import { factsFunction } from '../../../../packages/core/src/taskserv/facts.ts';
import type { FleetHost } from './fleet.ts';
import { execute, sshOptions } from './process.ts';

/** What no tool over SSH can beat by much: connections that are open already, one command a taskserv, hosts side by side. */
export interface Floor {
  run(): Promise<void>;
  close(): Promise<void>;
}

export async function openFloor(folder: string, hosts: readonly FleetHost[]): Promise<Floor> {
  const control = (host: FleetHost): string[] => [
    '-o',
    `ControlPath=${join(folder, `${host.hostname}.ssh`)}`,
  ];
  const place = ({ access }: FleetHost): string => `${access.user}@${access.host}`;
  await Promise.all(
    hosts.map((host) =>
      execute('ssh', [
        ...sshOptions(host.access),
        ...control(host),
        '-o',
        'ControlMaster=yes',
        '-fN',
        place(host),
      ]),
    ),
  );
  return {
    run: async () => {
      await Promise.all(
        hosts.map(async (host) => {
          for (const desired of host.taskservs) {
            await execute('ssh', [...sshOptions(host.access), ...control(host), place(host), 'sh -s'], {
              input: `main() {\n${factsFunction([desired])}facts </dev/null\n}\nmain\nexit\n`,
            });
          }
        }),
      );
    },
    close: async () => {
      await Promise.all(
        hosts.map((host) =>
          execute('ssh', [...control(host), '-O', 'exit', place(host)]).catch(() => undefined),
        ),
      );
    },
  };
}
