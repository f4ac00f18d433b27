import type { TaskservManifest } from '../schemas/taskserv.ts';
import { expectThat, type GroupRecorder } from './report.ts';

type Config = Readonly<Record<string, unknown>>;

/** A server that the kit installs a taskserv on: a container, a virtual machine, whatever runs systemd. */
export interface TaskservServer {
  /** Brings the server to the wanted state; tells whether anything had to be done. */
  install(config: Config): Promise<{ readonly changed: boolean; readonly reasons?: readonly string[] }>;
  health(config: Config): Promise<{ readonly healthy: boolean; readonly message?: string }>;
  uninstall(
    config: Config,
    options: { readonly cleanupData: boolean },
  ): Promise<{ readonly warnings: readonly string[] }>;
  /** Runs a shell script as root. */
  run(script: string): Promise<{ readonly code: number; readonly output: string }>;
}

/** Shell for the server, or what asks the service from outside; fails unless all is as it should be. */
export type TaskservProbe = string | (() => Promise<void>);

export interface TaskservLife {
  readonly server: TaskservServer;
  readonly config?: Config;
  /** Fails unless the service does its work. */
  readonly probe?: TaskservProbe;
  /** A configuration that differs, and what fails unless it is in force. */
  readonly changed?: { readonly config: Config; readonly probe?: TaskservProbe };
  /** Fails unless the service is gone. */
  readonly gone?: TaskservProbe;
}

const groupName = 'installed, at work, left alone, changed, removed';

/** 7: the whole life of a taskserv on a real server (07 §5, §6.1). */
export async function livesOnServer(
  group: GroupRecorder,
  manifest: TaskservManifest,
  life: TaskservLife | undefined,
): Promise<void> {
  if (life === undefined) return group.skip(groupName, 'no server was given');
  const { server, config = {}, probe, changed, gone } = life;
  const sh = async (script: TaskservProbe): Promise<void> => {
    if (typeof script === 'function') return script();
    const { code, output } = await server.run(script);
    expectThat(code === 0, `exit ${code}: ${output.trim()}`);
  };
  const isInstalled = await group.check('installs', async () => {
    expectThat((await server.install(config)).changed, 'the first run says it changed nothing');
  });
  if (!isInstalled) return;
  if (probe !== undefined) await group.check('does its work', () => sh(probe));
  await group.check('is healthy', () => isHealthy(server, config));
  await group.check('a second run changes nothing', async () => {
    const { changed: again, reasons = [] } = await server.install(config);
    expectThat(!again, `it changed: ${reasons.join('; ')}`);
  });
  const units = plainUnits(manifest);
  if (units.length > 0) {
    await group.check('what was stopped by hand is started again', async () => {
      await sh(`systemctl stop ${units.join(' ')}`);
      expectThat((await server.install(config)).changed, 'the run says it changed nothing');
      await sh(`systemctl is-active -q ${units.join(' ')}`);
      await isHealthy(server, config);
    });
  }
  if (changed !== undefined) {
    await group.check('takes a new setting', async () => {
      await server.install(changed.config);
      if (changed.probe !== undefined) await sh(changed.probe);
      await isHealthy(server, changed.config);
    });
  }
  await group.check('goes, with its data when asked', async () => {
    const { warnings } = await server.uninstall(changed?.config ?? config, { cleanupData: true });
    expectThat(warnings.length === 0, warnings.join('; '));
    for (const unit of units) await sh(`! systemctl is-active -q ${unit}`);
    for (const folder of manifest.data_directories.filter(isPlain)) await sh(`! test -e ${folder}`);
    if (gone !== undefined) await sh(gone);
  });
}

async function isHealthy(server: TaskservServer, config: Config): Promise<void> {
  const { healthy, message = 'it says it is not' } = await server.health(config);
  expectThat(healthy, message);
}

const isPlain = (text: string): boolean => !text.includes('{{');

/** Units whose names depend on no configuration. */
function plainUnits({ install }: TaskservManifest): string[] {
  return install.units
    .filter(({ name, when }) => isPlain(name) && when === undefined)
    .map(({ name }) => name);
}
