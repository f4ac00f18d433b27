import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  infraPath,
  type Infrastructure,
  type InfrastructureState,
  listInfrastructures,
  type Selection,
  StateFile,
  userDirectories,
  WorkspaceRegistry,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { providersWithoutCredentials } from './credentials.ts';
import { openLocalStore } from '../orchestrator/local-store.ts';
import { loadDefinition } from '../session/infrastructure.ts';
import { settingsFor } from '../orchestrator/session.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { configurationOf, select } from '../session/workspace.ts';

/** A command and why it is the one. */
export interface Step {
  readonly command: string;
  readonly reason: string;
}

/** How far a deployment has come (24 §3). */
export interface Phase {
  /** From 1. */
  readonly phase: number;
  readonly of: number;
  /** What has been reached: `infrastructure validated`. */
  readonly reached: string;
  /** What is missing now. */
  readonly title: string;
  readonly commands: readonly Step[];
}

const phases = 9;

/** Looks from the beginning for the first thing that is missing. Nothing is asked of servers or clouds. */
export async function deploymentPhase(command: ProvisioningCommand): Promise<Phase> {
  const surroundings = surroundingsOf(command.runtime);
  const selection = await select(command, 'optional').catch(() => undefined);
  const { config } = userDirectories(surroundings);
  const registry = new WorkspaceRegistry(surroundings).file;
  if (selection === undefined && !existsSync(join(config, 'config.toml')) && !existsSync(registry))
    return setup();
  if (selection === undefined) return noWorkspace();
  const configuration = await configurationOf(command, selection).catch(() => undefined);
  if (configuration === undefined) return notValid('validate config --detailed');
  const names = await listInfrastructures(selection.path);
  const infra = selection.infra ?? names[0];
  const chosen = infra === undefined ? undefined : { ...selection, infra };
  const definition =
    chosen === undefined
      ? undefined
      : await loadDefinition(command, chosen, configuration).catch(() => undefined);
  const bare = await providersWithoutCredentials(command, configuration, definition);
  if (bare.length > 0) return noCredentials(bare);
  if (chosen === undefined) return noInfrastructure();
  if (definition === undefined) return notValid('infra validate');
  const state = await new StateFile(infraPath({ workspace: chosen, infra: definition.name })).read();
  return built(definition, chosen, state);
}

function built(
  definition: Infrastructure,
  { infra }: Selection & { readonly infra: string },
  { servers }: InfrastructureState,
): Phase {
  if (Object.keys(servers).length === 0) {
    const empty = definition.servers.length === 0;
    return at(6, 'infrastructure validated', empty ? 'No servers are defined' : 'No servers yet', [
      ...(empty ? [step('infra show', `names the files; write servers into ${definition.path}`)] : []),
      step('plan', 'shows what would be done'),
      step('server create --check', 'shows the servers, their size and cost'),
      step('deploy', 'creates the servers and installs what is on them'),
    ]);
  }
  const wanted = definition.servers.flatMap(({ taskservs }) => taskservs.filter(({ enabled }) => enabled));
  const installed = Object.values(servers).some(({ taskservs }) => taskservs.length > 0);
  if (wanted.length > 0 && !installed) {
    return at(7, 'servers created', 'No taskservs are installed', [
      step(`taskserv create ${wanted.at(-1)!.name} --check`, 'shows what would come with it'),
      step('deploy', 'installs everything that is defined'),
    ]);
  }
  const clusters = Object.keys(definition.clusters);
  const members = Object.values(servers).flatMap(({ taskservs }) => taskservs.map(({ name }) => name));
  if (clusters.length > 0 && members.length === 0) {
    return at(8, 'taskservs installed', 'No cluster is created', [
      step(`cluster create ${clusters[0]!}`, 'creates its components in order'),
    ]);
  }
  return at(9, 'deployed', `'${infra}' runs: maintenance`, [
    step('health check', 'asks every server and taskserv'),
    step('taskserv check-updates', 'shows newer versions of what is installed'),
    step('plan', 'shows whether anything has drifted'),
  ]);
}

const setup = (): Phase =>
  at(1, 'nothing', 'Set up', [
    step('init config', 'writes your own configuration'),
    step('workspace init shop --template demo --activate', 'makes a workspace with three example servers'),
    step('guide from-scratch', 'explains every step'),
  ]);

const noWorkspace = (): Phase =>
  at(2, 'set up', 'No workspace is active', [
    step('workspace init shop --template demo --activate', 'makes a workspace with three example servers'),
    step('workspace list', 'shows the ones there are'),
  ]);

const noCredentials = (names: readonly string[]): Phase =>
  at(3, 'workspace made', `Credentials are missing: ${names.join(', ')}`, [
    ...names
      .slice(0, 2)
      .map((name) => step(`provider test ${name}`, 'says what is missing and where it goes')),
    step('provider list', 'shows all providers; local needs no credentials'),
  ]);

const noInfrastructure = (): Phase =>
  at(4, 'credentials set', 'No infrastructure', [
    step('template list', 'shows what an infrastructure can begin with'),
    step('infra list', 'shows the ones of this workspace'),
  ]);

const notValid = (how: string): Phase =>
  at(5, 'infrastructure defined', 'The definition is not valid', [
    step(how, 'lists every error with its line'),
    step('validate config --detailed', 'shows which files were read'),
  ]);

const step = (command: string, reason: string): Step => ({ command: `provisioning ${command}`, reason });

function at(phase: number, reached: string, title: string, commands: readonly Step[]): Phase {
  return { phase, of: phases, reached, title, commands: commands.slice(0, 3) };
}

/** Workflows that failed and were followed by none that succeeded: they come before everything else (24 §3). */
export async function failedWork(command: ProvisioningCommand): Promise<Step | undefined> {
  const settings = await settingsFor(command).catch(() => undefined);
  const store = settings === undefined ? undefined : openLocalStore(settings);
  try {
    const newest = store?.list({ limit: 1 })[0];
    return newest?.status.toLowerCase() === 'failed'
      ? step(`workflow status ${newest.id}`, `${newest.name} failed; the error says why`)
      : undefined;
  } finally {
    store?.close();
  }
}
