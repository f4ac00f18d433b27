import type { WorkflowRecord } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { existsSync } from 'node:fs';
import type { ProvisioningCommand } from '../frame/command.ts';
import { clientFor, notAvailable, settingsFor } from '../orchestrator/session.ts';
import { newestWorkflow } from './watching.ts';
import { orchestratorHealth } from '../orchestrator/control.ts';
import {
  type LocalStore,
  openLocalStore,
  type StoredFilter,
  storeType,
  type StoredWorkflow,
} from '../orchestrator/local-store.ts';
import { askProgram } from '../orchestrator/run-program.ts';
import type { OrchestratorSettings } from '../orchestrator/settings.ts';

export interface ReadOptions {
  /** `--data-dir`: another folder than the configured one. */
  readonly dataDir?: string;
  /** `--http`: ask the service also where its store could be read. */
  readonly http?: boolean;
}

/** Settings with the data folder that was asked for. @throws ProvisioningError when that folder does not exist */
export async function readSettings(
  command: ProvisioningCommand,
  { dataDir }: ReadOptions,
): Promise<OrchestratorSettings> {
  const settings = await settingsFor(command);
  if (dataDir === undefined) return settings;
  if (existsSync(dataDir)) return { ...settings, dataDir };
  throw new ProvisioningError({
    code: 'DATA_DIR_MISSING',
    message: 'Failed to read status',
    hint: `There is no folder ${dataDir}. mkdir -p ${dataDir}, or start the orchestrator: provisioning orchestrator start`,
  });
}

/** What the program says of a store that is no file for this process to read. */
export interface StoreListing {
  readonly counts: Readonly<Record<string, number>>;
  readonly workflows: readonly StoredWorkflow[];
}

/** How what was asked for is read, by the place it is read from. */
export interface Reading<T> {
  /** From the store's file. */
  local(store: LocalStore): T;
  /** From the service that runs. */
  remote(): Promise<T>;
  /** From the store of a service that is stopped, by way of its program. */
  offline(): Promise<T>;
}

/**
 * Reads from the store's file where that can be done, without disturbing the service and also while it is stopped; over
 * HTTP everywhere else, which is said (12 §16). A stopped service is not waited for: its program opens the store.
 */
export async function readStore<T>(
  command: ProvisioningCommand,
  settings: OrchestratorSettings,
  options: ReadOptions,
  { local, remote, offline }: Reading<T>,
): Promise<T> {
  const store = options.http ? undefined : openLocalStore(settings);
  if (store) {
    try {
      return local(store);
    } finally {
      store.close();
    }
  }
  if (!options.http) command.runtime.stderr.write('[HTTP fallback mode]\n');
  if (await orchestratorHealth(settings)) return remote();
  if (options.http || storeType(settings) === 'sqlite') throw notAvailable(settings);
  return offline();
}

/** Workflows, newest first. @throws ProvisioningError when there is neither a readable store nor a service */
export async function listWorkflows(
  command: ProvisioningCommand,
  settings: OrchestratorSettings,
  filter: StoredFilter,
  options: ReadOptions = {},
): Promise<readonly StoredWorkflow[]> {
  return readStore(command, settings, options, {
    local: (store) => store.list(filter),
    remote: async () => {
      const records = await clientFor(command, settings).list({ ...filter, signal: command.signal });
      return records.map((record) => ({ ...record, infra: record.infra }));
    },
    offline: async () => (await askForListing(command, settings, filter)).workflows,
  });
}

/** Asks the program, which knows every kind of store, for what is kept in the one in force. */
export function askForListing(
  { runtime, signal }: ProvisioningCommand,
  settings: OrchestratorSettings,
  filter: StoredFilter,
): Promise<StoreListing> {
  const { environment, cwd } = runtime;
  return askProgram('list', filter, { settings, environment, cwd, signal });
}

/**
 * A workflow with its operations: from the service where it answers, else from the store.
 * @param typed its id, the beginning or the end of one, or nothing for the newest
 */
export async function readWorkflowRecord(
  command: ProvisioningCommand,
  typed: string | undefined,
  kind?: string,
): Promise<WorkflowRecord> {
  const settings = await settingsFor(command);
  if (await orchestratorHealth(settings)) {
    const client = clientFor(command, settings);
    return client.get(await newestWorkflow(client, typed, kind), { signal: command.signal });
  }
  const offline = {
    list: () => listWorkflows(command, settings, { limit: 200, ...(kind === undefined ? {} : { kind }) }),
  };
  const workflow = await newestWorkflow(offline, typed, kind);
  const { runtime, signal } = command;
  const { environment, cwd } = runtime;
  return askProgram<WorkflowRecord>('show', { workflow }, { settings, environment, cwd, signal });
}
