import { resolve } from 'node:path';
import { defaultCiphers, type Infrastructure, loadCluster, readDocument } from '@provisioning/core';
import { type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { type InfrastructureSession, openInfrastructure } from '../session/infrastructure.ts';
import { surroundingsOf } from '../session/surroundings.ts';

export interface ClusterSession extends AsyncDisposable {
  readonly session: InfrastructureSession;
  readonly infrastructure: Infrastructure;
  readonly cluster: Cluster;
  /** The definition of another cluster, without `--config`. */
  other(name: string): Promise<Cluster>;
}

export interface ClusterChanges {
  readonly version?: string;
  /** File with values that are only kept in memory, usually encrypted. */
  readonly secrets?: string;
}

/** The infrastructure of the command line with the definition of one cluster; close it with `await using`. */
export async function openCluster(
  command: ProvisioningCommand,
  name: string,
  changes: ClusterChanges = {},
): Promise<ClusterSession> {
  const session = await openInfrastructure(command);
  try {
    const { infrastructure, project } = session;
    const { config } = command.globals;
    const secrets = changes.secrets === undefined ? undefined : await readSecrets(command, changes.secrets);
    const sources = { catalogue: project.extensions, infrastructure };
    const cluster = await loadCluster(name, {
      ...sources,
      ...(config === undefined ? {} : { configFile: resolve(command.runtime.cwd, config) }),
      ...(secrets === undefined ? {} : { secrets }),
    });
    return {
      session,
      infrastructure,
      cluster: changes.version === undefined ? cluster : { ...cluster, version: changes.version },
      other: (wanted) => loadCluster(wanted, sources),
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

async function readSecrets(command: ProvisioningCommand, given: string): Promise<Record<string, unknown>> {
  const file = resolve(command.runtime.cwd, given);
  const document = await readDocument(file, { ciphers: defaultCiphers(surroundingsOf(command.runtime)) });
  if (document !== undefined) return document.value;
  throw new ProvisioningError({
    code: 'FILE_NOT_FOUND',
    kind: 'not-found',
    message: `File not found: ${given}`,
    hint: 'Give the file with the secrets of the cluster to --secrets.',
  });
}
