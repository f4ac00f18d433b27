import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, userDirectories } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';

interface Remembered {
  readonly version: string;
  /** When the process that was asked wrote its pid file. */
  readonly since: number;
  readonly message: string | null;
}

/**
 * The check of versions for commands that read local state only (11 §2): they ask a running orchestrator once in its life and remember the
 * answer, so that a list costs nothing.
 */
export async function warnOnce(command: ProvisioningCommand): Promise<void> {
  const directories = userDirectories(surroundingsOf(command.runtime));
  const dataDir =
    command.runtime.environment['ORCHESTRATOR_DATA_DIR'] ?? join(directories.data, 'orchestrator');
  const running = await stat(join(dataDir, 'orchestrator.pid')).catch(() => undefined);
  if (running === undefined) return;
  const file = join(directories.cache, 'orchestrator-versions.json');
  const { version } = command.host.catalogue;
  const known = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Remembered,
    () => undefined,
  );
  if (known?.version === version && known.since === running.mtimeMs) {
    if (known.message !== null) command.out.warn(known.message);
    return;
  }
  const { settingsFor } = await import('../orchestrator/session.ts');
  const { endpoint } = await settingsFor(command);
  const { verdictOf } = await import('../orchestrator/compatibility.ts');
  const verdict = await verdictOf(command, endpoint).catch(() => undefined);
  if (verdict === undefined) return;
  const message = verdict.verdict === 'compatible' ? null : verdict.message;
  if (message !== null) command.out.warn(message);
  await makeFolder(directories.cache);
  await writeFile(file, JSON.stringify({ version, since: running.mtimeMs, message } satisfies Remembered));
}
