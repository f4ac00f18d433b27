import { connect } from 'node:net';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../journal/store.ts';
import type { Settings } from '../settings/settings.ts';

export interface Readiness {
  readonly ready_for_migration: boolean;
  readonly checks: readonly { readonly name: string; readonly passed: boolean; readonly message?: string }[];
  readonly failed_checks: readonly string[];
  readonly validated_at: string;
}

export interface ReadinessOptions {
  readonly source: Store;
  /** Opens and asks the target; throws what is wrong with it. */
  readonly probeTarget: () => Promise<void>;
  /** Throws what is wrong with the target's settings. */
  readonly checkSettings: () => void;
  readonly settings: Settings;
  readonly target: Store['type'];
  readonly now: () => number;
}

/** The six checks before a migration (12 §10.1). Nothing is changed. */
export async function checkReadiness(options: ReadinessOptions): Promise<Readiness> {
  const { source, settings, target } = options;
  const folder = backupFolder(settings);
  const checks: { name: string; passed: boolean; message?: string }[] = [];
  const check = async (name: string, work: () => Promise<void> | void) => {
    try {
      await work();
      checks.push({ name, passed: true });
    } catch (error) {
      checks.push({ name, passed: false, message: (error as Error).message });
    }
  };
  await check('backup-available', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
  });
  await check('configuration-valid', options.checkSettings);
  await check('network-connectivity', () => reach(settings, target));
  const reachable = checks.every(({ passed }) => passed);
  await check('new-system-healthy', () => {
    if (!reachable) throw new Error('not asked: it cannot be reached or is not configured');
    return options.probeTarget();
  });
  await check('database-accessible', () => source.ping());
  await check('resources-available', async () => {
    const { bavail, bsize } = await statfs(settings.paths.data_dir);
    const [free, needed] = [bavail * bsize, 3 * (await source.size())];
    if (free < needed) throw new Error(`${needed} bytes of disk are needed, ${free} are free`);
  });
  const failed = checks.filter(({ passed }) => !passed);
  return {
    ready_for_migration: failed.length === 0,
    checks,
    failed_checks: failed.map(({ name }) => name),
    validated_at: new Date(options.now()).toISOString(),
  };
}

/** Where backups of stores are kept. */
export function backupFolder({ paths }: Settings): string {
  return join(paths.data_dir, 'backups');
}

function reach({ storage }: Settings, target: Store['type']): Promise<void> {
  const text =
    target === 'postgres' ? storage.postgres.url : target === 'surrealdb-server' ? storage.surrealdb.url : '';
  if (text === '') return Promise.resolve();
  const url = new URL(text);
  const port = Number(url.port) || (target === 'postgres' ? 5432 : 8000);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: 5000 });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => socket.destroy(new Error(`${url.hostname}:${port} does not answer`)));
    socket.on('error', reject);
  });
}
