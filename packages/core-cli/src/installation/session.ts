import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  installedVersion,
  Prefix,
  prefixOf,
  readReceipt,
  type Receipt,
  ReleaseSource,
  type ServiceControl,
} from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { orchestratorPid, stopOrchestrator } from '../orchestrator/control.ts';
import { settingsFor } from '../orchestrator/session.ts';

const run = promisify(execFile);

/** The installation a command works on. */
export interface Installation {
  readonly prefix: string;
  readonly receipt: Receipt | undefined;
  readonly releases: ReleaseSource;
  readonly releaseKey: string | undefined;
  readonly systemNode: boolean;
}

/**
 * The installation that this program belongs to, or the one in `--prefix`.
 * @throws ProvisioningError `MANAGED_ELSEWHERE` with the command of the package manager that brought this program.
 */
export async function openInstallation(
  command: ProvisioningCommand,
  given: string | undefined,
): Promise<Installation> {
  const { environment, cwd } = command.runtime;
  const prefix = given === undefined ? ownPrefix() : resolve(cwd, given);
  const receipt = await readReceipt(new Prefix(prefix));
  const manager = await readFile(join(prefix, 'share/provisioning/package-manager'), 'utf8').catch(
    () => undefined,
  );
  if (receipt === undefined && manager !== undefined) throw managedElsewhere(manager.trim());
  const base = environment['PROVISIONING_RELEASES_URL'] ?? receipt?.releases ?? '';
  const shipped = join(prefix, 'share/provisioning/release-key.asc');
  return {
    prefix,
    receipt,
    releases: new ReleaseSource(base, command.signal),
    releaseKey: environment['PROVISIONING_RELEASE_KEY'] ?? (existsSync(shipped) ? shipped : undefined),
    systemNode: receipt !== undefined && receipt.components['node'] === undefined,
  };
}

/**
 * The newest version beside the one that is installed; somebody waits for a screen of checks, so this gives up soon.
 * @throws ProvisioningError `MANAGED_ELSEWHERE`, or why releases cannot be asked
 */
export async function newestVersion(
  command: ProvisioningCommand,
): Promise<{ readonly newer: boolean; readonly current: string; readonly latest: string }> {
  const { receipt, releases } = await openInstallation(command, undefined).catch((error: unknown) => {
    // Whoever brought this program: where releases are was said.
    const base = command.runtime.environment['PROVISIONING_RELEASES_URL'];
    if (base === undefined) throw error;
    return { receipt: undefined, releases: new ReleaseSource(base, command.signal) };
  });
  if (command.globals.offline)
    throw new ProvisioningError({ code: 'OFFLINE', message: 'No network is used' });
  const current = receipt === undefined ? command.host.catalogue.version : installedVersion(receipt);
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error('no answer within 2 s')), 2000).unref(),
  );
  const latest = await Promise.race([releases.resolve('core', 'latest'), late]);
  return { newer: latest !== current, current, latest };
}

/** What all changes of an installation are told the same way. */
export function changeOptions(command: ProvisioningCommand, installation: Installation) {
  const { releases, prefix, systemNode, releaseKey } = installation;
  return {
    prefix,
    releases,
    systemNode,
    method: 'command',
    ...(releaseKey === undefined ? {} : { releaseKey }),
    signal: command.signal,
    now: () => new Date(command.runtime.now()),
    environment: command.runtime.environment,
    say: (line: string) => command.out.progress(line),
    warn: (line: string) => command.out.warn(line),
  };
}

function ownPrefix(): string {
  const file = fileURLToPath(import.meta.url);
  const found = prefixOf(file);
  if (found !== undefined) return found;
  const checkout = existsSync(join(file.slice(0, file.indexOf('/packages/core-cli/') + 1), 'nx.json'));
  const manager = checkout
    ? 'git pull && npm ci'
    : file.includes('/Cellar/')
      ? 'brew upgrade provisioning'
      : 'npm install --global @provisioning/cli@latest';
  throw managedElsewhere(manager, checkout ? 'This is a source checkout' : undefined);
}

/** @param manager the command that changes the program. */
function managedElsewhere(
  manager: string,
  message = 'This program was installed by a package manager',
): ProvisioningError {
  return new ProvisioningError({
    code: 'MANAGED_ELSEWHERE',
    message,
    hint: `${manager}   (or name an installation with --prefix)`,
  });
}

/** The orchestrator of this installation; one that runs from elsewhere is left alone. */
export function servicesOf(command: ProvisioningCommand, prefix: string): ServiceControl {
  const name = 'orchestrator';
  return {
    async stop() {
      const settings = await settingsFor(command);
      const pid = await orchestratorPid(settings);
      if (pid === undefined || !runsFrom(pid, prefix)) return [];
      await stopOrchestrator(settings, { drain: 30, force: true });
      return [name];
    },
    async start(names) {
      if (!names.includes(name)) return;
      // The program that is there now does it: it knows how its own service is started.
      await run(join(prefix, 'bin/provisioning'), [name, 'start'], {
        env: command.runtime.environment as NodeJS.ProcessEnv,
        cwd: command.runtime.cwd,
        timeout: 120_000,
      });
    },
  };
}

function runsFrom(pid: number, prefix: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${realpathSync(prefix)}/lib/provisioning/`);
  } catch {
    // Where there is no /proc, the orchestrator this user's settings name is taken to be the installation's.
    return process.platform !== 'linux';
  }
}

/** Whether the program of a prefix finds the configuration valid; `undefined` when it cannot say. */
export async function configurationValid(
  command: ProvisioningCommand,
  prefix: string,
): Promise<boolean | undefined> {
  const options = {
    env: command.runtime.environment as NodeJS.ProcessEnv,
    cwd: command.runtime.cwd,
    timeout: 120_000,
  };
  return run(join(prefix, 'bin/provisioning'), ['validate', 'config'], options).then(
    () => true,
    (error: { code?: unknown }) => (error.code === 3 ? false : undefined),
  );
}
