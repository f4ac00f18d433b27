import { access, constants, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import {
  type Configuration,
  ExtensionCatalogue,
  listInfrastructures,
  type Selection,
  userDirectories,
  WorkspaceRegistry,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { orchestratorHealth } from '../orchestrator/control.ts';
import { settingsFor } from '../orchestrator/session.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { configurationOf, select } from '../session/workspace.ts';

export interface StatusCheck {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'error';
  readonly message: string;
}

/** What the checks look at, found once. */
interface Situation {
  readonly command: ProvisioningCommand;
  readonly selection?: Selection;
  readonly configuration?: Configuration;
  readonly configurationError?: string;
}

/** The checks of `status` (24 §3), in their order. None of them changes anything. */
export async function statusChecks(command: ProvisioningCommand): Promise<StatusCheck[]> {
  const selection = await select(command, 'optional').catch(() => undefined);
  let configuration: Configuration | undefined;
  let configurationError: string | undefined;
  try {
    configuration = await configurationOf(command, selection);
  } catch (error) {
    configurationError = error instanceof Error ? error.message : String(error);
  }
  const situation: Situation = { command, selection, configuration, configurationError };
  return Promise.all(checks.map((check) => check(situation)));
}

const result = (name: string, status: StatusCheck['status'], message: string): StatusCheck => ({
  name,
  status,
  message,
});

const checks: readonly ((situation: Situation) => Promise<StatusCheck>)[] = [
  ({ command }) =>
    Promise.resolve(
      result(
        'Versions',
        'ok',
        `provisioning ${command.host.catalogue.version}, Node.js ${process.versions.node}`,
      ),
    ),
  async ({ command }) => {
    const missing = await missingTools(command, ['ssh']);
    return missing.length === 0
      ? result('Required tools', 'ok', 'all there')
      : result('Required tools', 'warning', `missing: ${missing.join(', ')} (server ssh needs it)`);
  },
  async ({ command }) => {
    const missing = await missingTools(command, ['podman', 'docker', 'git', 'jq', 'glow', 'bat']);
    return result(
      'Optional tools',
      'ok',
      missing.length === 0 ? 'all there' : `not there: ${missing.join(', ')}`,
    );
  },
  async ({ command }) => {
    const { file } = new WorkspaceRegistry(surroundingsOf(command.runtime));
    return (await isReadable(file))
      ? result('User configuration', 'ok', file)
      : result('User configuration', 'warning', 'none yet');
  },
  ({ selection }) =>
    Promise.resolve(
      selection
        ? result('Workspace', 'ok', `${selection.name} (${selection.path})`)
        : result('Workspace', 'warning', 'none is active: provisioning workspace init <name>'),
    ),
  async ({ selection }) => {
    if (!selection) return result('Infrastructures', 'warning', 'no workspace');
    const names = await listInfrastructures(selection.path);
    return names.length === 0
      ? result('Infrastructures', 'warning', 'none yet')
      : result('Infrastructures', 'ok', names.join(', '));
  },
  ({ configuration, configurationError }) => {
    if (!configuration)
      return Promise.resolve(result('Configuration', 'error', configurationError ?? 'does not load'));
    const { warnings } = configuration;
    return Promise.resolve(
      warnings.length === 0
        ? result('Configuration', 'ok', `valid, environment ${configuration.environment}`)
        : result('Configuration', 'warning', warnings[0]!),
    );
  },
  async ({ command, selection }) => {
    const extensions = new ExtensionCatalogue({
      workspacePath: selection?.path,
      infra: selection?.infra,
      dataPath: userDirectories(surroundingsOf(command.runtime)).data,
      moduleUrls: [import.meta.url],
    });
    const names = (await extensions.list('provider')).map(({ name }) => name);
    return names.length === 0
      ? result('Providers', 'error', 'none found')
      : result('Providers', 'ok', names.join(', '));
  },
  async ({ selection }) => {
    if (!selection) return result('SSH key', 'warning', 'no workspace');
    const there = await isReadable(join(selection.path, 'secrets', 'ssh-keys', 'id_ed25519'));
    return there ? result('SSH key', 'ok', 'there') : result('SSH key', 'ok', 'made with the first server');
  },
  async ({ command, configuration }) => {
    if (!configuration) return result('Orchestrator', 'warning', 'unknown without a configuration');
    const settings = await settingsFor(command, configuration);
    const health = await orchestratorHealth(settings, 1000);
    if (!health) return result('Orchestrator', 'ok', 'not running; starts with the first deploy');
    return result(
      'Orchestrator',
      health.status === 'healthy' ? 'ok' : 'warning',
      `${health.status} at ${settings.endpoint}`,
    );
  },
  async ({ command }) => {
    const { data } = userDirectories(surroundingsOf(command.runtime));
    const { bavail, bsize } = await statfs(await nearest(data));
    const gigabytes = (bavail * bsize) / 1024 ** 3;
    return result(
      'Disk space',
      gigabytes < 1 ? 'error' : gigabytes < 5 ? 'warning' : 'ok',
      `${gigabytes.toFixed(1)} GB free`,
    );
  },
  async ({ command }) => {
    const { config } = userDirectories(surroundingsOf(command.runtime));
    const writable = await access(await nearest(config), constants.W_OK).then(
      () => true,
      () => false,
    );
    return writable
      ? result('Permissions', 'ok', `${config} is writable`)
      : result('Permissions', 'error', `${config} is not writable`);
  },
  ({ command }) =>
    Promise.resolve(
      command.runtime.environment['PROVISIONING_SKIP_SSL_VERIFY'] === 'true'
        ? result('Network', 'warning', 'certificates are not verified (PROVISIONING_SKIP_SSL_VERIFY)')
        : result('Network', 'ok', 'certificates are verified'),
    ),
];

/** Which of these programs are not in `PATH`. */
export async function missingTools(
  command: ProvisioningCommand,
  names: readonly string[],
): Promise<string[]> {
  const folders = (command.runtime.environment['PATH'] ?? '').split(delimiter);
  const found = await Promise.all(
    names.map(async (name) =>
      (await Promise.all(folders.map((folder) => isReadable(join(folder, name))))).some(Boolean),
    ),
  );
  return names.filter((_, index) => !found[index]);
}

function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

/** The folder itself or the closest one above it that exists. */
export async function nearest(folder: string): Promise<string> {
  for (let current = folder; ; current = join(current, '..')) {
    if (await isReadable(current)) return current;
  }
}
