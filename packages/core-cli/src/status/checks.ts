import { access, constants, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import {
  type Configuration,
  ExtensionCatalogue,
  hasAgeIdentity,
  listInfrastructures,
  requireCompatible,
  type Selection,
  userDirectories,
  workspaceHealth,
  WorkspaceRegistry,
} from '@provisioning/core';
import { providersWithoutCredentials } from '../deployment/credentials.ts';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { newestVersion } from '../installation/session.ts';
import { orchestratorHealth } from '../orchestrator/control.ts';
import { settingsFor } from '../orchestrator/session.ts';
import { loadDefinition } from '../session/infrastructure.ts';
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
    const name = 'Update';
    try {
      const { newer, latest } = await newestVersion(command);
      return newer
        ? result(name, 'warning', `${latest} is there: provisioning upgrade`)
        : result(name, 'ok', 'this is the newest version');
    } catch (error) {
      const { code, hint } = asProvisioningError(error);
      return result(
        name,
        'ok',
        code === 'MANAGED_ELSEWHERE'
          ? `comes with ${hint?.split('   ')[0] ?? 'its package'}`
          : 'not known now',
      );
    }
  },
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
  async ({ selection }) => {
    if (!selection)
      return result('Workspace', 'warning', 'none is active: provisioning workspace init <name>');
    const names = await listInfrastructures(selection.path);
    const infras = names.length === 0 ? 'no infrastructure yet' : names.join(', ');
    return result('Workspace', names.length === 0 ? 'warning' : 'ok', `${selection.name} (${infras})`);
  },
  async ({ command, selection }) => {
    const name = 'Workspace structure';
    if (!selection) return result(name, 'warning', 'no workspace');
    const version = command.host.catalogue.version;
    const fits = await requireCompatible(selection, version).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (fits !== undefined) return result(name, 'error', fits);
    const bad = (await workspaceHealth(selection)).filter(({ ok }) => !ok);
    return bad.length === 0
      ? result(name, 'ok', 'complete, and of this version')
      : result(name, 'warning', `${bad[0]!.message} (provisioning workspace health --fix-issues)`);
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
  async ({ command, selection, configuration }) => {
    const name = 'Credentials';
    if (!configuration) return result(name, 'warning', 'unknown without a configuration');
    const definition =
      selection?.infra === undefined
        ? undefined
        : await loadDefinition(command, { ...selection, infra: selection.infra }, configuration).catch(
            () => undefined,
          );
    const bare = await providersWithoutCredentials(command, configuration, definition);
    return bare.length === 0
      ? result(name, 'ok', 'there for every provider in use')
      : result(name, 'warning', `missing for ${bare.join(', ')}: provisioning provider test ${bare[0]}`);
  },
  async ({ command }) =>
    (await hasAgeIdentity(surroundingsOf(command.runtime)))
      ? result('Encryption keys', 'ok', 'there')
      : result('Encryption keys', 'ok', 'none; needed to encrypt files (provisioning sops config)'),
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
