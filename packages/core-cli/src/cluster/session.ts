import { type Infrastructure, loadCluster } from '@provisioning/core';
import type { Cluster } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { type InfrastructureSession, openInfrastructure } from '../session/infrastructure.ts';

export interface ClusterSession extends AsyncDisposable {
  readonly session: InfrastructureSession;
  readonly infrastructure: Infrastructure;
  readonly cluster: Cluster;
}

/** The infrastructure of the command line with the definition of one cluster; close it with `await using`. */
export async function openCluster(
  command: ProvisioningCommand,
  name: string,
  changes: { readonly version?: string } = {},
): Promise<ClusterSession> {
  const session = await openInfrastructure(command);
  try {
    const { infrastructure, project } = session;
    const cluster = await loadCluster(name, {
      catalogue: project.extensions,
      infrastructure,
      configFile: command.globals.config,
    });
    return {
      session,
      infrastructure,
      cluster: changes.version === undefined ? cluster : { ...cluster, version: changes.version },
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}
