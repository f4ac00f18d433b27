import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Surroundings } from '../../config/surroundings.ts';
import { userName } from './lock.ts';
import type { WorkspaceLock } from './record.ts';

/** `<ws>/.runtime/audit/locks.jsonl`: one record a line. */
export function lockAuditFile(workspacePath: string): string {
  return path.join(workspacePath, '.runtime', 'audit', 'locks.jsonl');
}

/** Writes down who released whose lock by force, and why (03 §12). */
export async function recordForcedRelease(
  surroundings: Surroundings,
  workspace: { readonly name: string; readonly path: string },
  lock: WorkspaceLock,
  reason: string,
): Promise<void> {
  const file = lockAuditFile(workspace.path);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const record = {
    time: surroundings.now().toISOString(),
    user: userName(surroundings),
    operation: 'lock.force-release',
    lock,
    reason,
  };
  await appendFile(file, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}
