import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';

/** Counters of one workspace (08 §6.2). */
export interface ResolutionCounters {
  readonly resolutions: number;
  readonly hits: number;
  /** Sum of the durations in milliseconds. */
  readonly time_ms: number;
}

const none: ResolutionCounters = { resolutions: 0, hits: 0, time_ms: 0 };

function countersFile(workspacePath: string): string {
  return join(workspacePath, '.cache', 'layers-stats.json');
}

export async function readCounters(workspacePath: string): Promise<ResolutionCounters> {
  try {
    return { ...none, ...(JSON.parse(await readFile(countersFile(workspacePath), 'utf8')) as object) };
  } catch {
    return none;
  }
}

/** Adds to the counters; a workspace that can't be written is not an error here. */
export async function addCounters(
  workspacePath: string | undefined,
  added: ResolutionCounters,
): Promise<void> {
  if (workspacePath === undefined) return;
  const file = countersFile(workspacePath);
  await withFileLock(file, async () => {
    const { resolutions, hits, time_ms } = await readCounters(workspacePath);
    const next: ResolutionCounters = {
      resolutions: resolutions + added.resolutions,
      hits: hits + added.hits,
      time_ms: time_ms + added.time_ms,
    };
    await writeFileAtomic(file, `${JSON.stringify(next)}\n`, 0o644);
  }).catch(() => undefined);
}
