import { type PlannedTaskserv, taskservsOf, TaskservPackages } from '@provisioning/core';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { namesOn, type TaskservTargets, uses } from './targets.ts';

/** A taskserv on one server, configured as the definition says. */
export interface PlacedTaskserv extends PlannedTaskserv {
  readonly server: { readonly hostname: string; readonly provider: string };
}

/** The taskservs on the servers that a command line means; with its defaults where the definition lacks one. */
export async function placed(
  session: InfrastructureSession,
  targets: TaskservTargets,
): Promise<readonly PlacedTaskserv[]> {
  const { infrastructure, context } = session;
  const packages = new TaskservPackages();
  const servers = infrastructure.servers.filter(({ hostname }) => targets.hostnames.includes(hostname));
  const found = await Promise.all(
    servers.map(async (server) => {
      const entries = namesOn(targets, server.hostname).map(
        (name) =>
          server.taskservs.find((entry) => entry.name === name && uses(server, name)) ?? {
            name,
            profile: 'default',
            enabled: true,
            config: {},
          },
      );
      const planned = await taskservsOf(context, { ...server, taskservs: entries }, infrastructure, packages);
      const { hostname, provider } = server;
      return planned.map((one): PlacedTaskserv => ({ ...one, server: { hostname, provider } }));
    }),
  );
  return found.flat();
}
