import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Settings } from '../settings/settings.ts';

/**
 * Starts the program once more in the background, its output in `orchestrator.log` (12 §15 `--daemon`).
 * @param line the program's file and its arguments
 * @returns the process id, once it listens
 * @throws ProvisioningError `ORCHESTRATOR_START_FAILED` with what it wrote
 */
export async function startDaemon({ paths }: Settings, line: readonly string[]): Promise<number> {
  mkdirSync(paths.logs_dir, { recursive: true, mode: 0o700 });
  const file = join(paths.logs_dir, 'orchestrator.log');
  const log = openSync(file, 'a', 0o600);
  const before = statSync(file).size;
  const child = spawn(
    process.execPath,
    line.filter((word) => word !== '--daemon'),
    { detached: true, stdio: ['ignore', log, log, 'ipc'] },
  );
  closeSync(log);
  const listens = await new Promise<boolean>((resolve, reject) => {
    child.once('message', () => resolve(true));
    child.once('exit', () => resolve(false));
    child.once('error', reject);
  });
  if (listens) {
    child.unref();
    return child.pid!;
  }
  throw new ProvisioningError({
    code: 'ORCHESTRATOR_START_FAILED',
    kind: 'failure',
    message: `The orchestrator did not start:\n${readFileSync(file).subarray(before).toString('utf8').trim()}`,
    hint: `Its log is ${file}`,
  });
}
