import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { infraPath } from '../state/paths.ts';

type Place = Parameters<typeof infraPath>[0];

/** A time in which people work on an infrastructure (05 §7.5): no alerts, no scaling by itself. */
export interface MaintenanceWindow {
  readonly started: string;
  /** It ends by itself then. */
  readonly until: string;
  readonly user: string;
  readonly reason?: string;
}

function fileOf(place: Place): string {
  return join(infraPath(place), 'data', 'maintenance.json');
}

/** The window that is open now; nothing when there is none, or it has ended. */
export async function maintenanceWindow(place: Place, now: number): Promise<MaintenanceWindow | undefined> {
  const text = await readFile(fileOf(place), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const window = JSON.parse(text) as MaintenanceWindow;
  return Date.parse(window.until) > now ? window : undefined;
}

/** Opens a window, or sets the end of the open one anew. */
export async function openMaintenance(place: Place, window: MaintenanceWindow): Promise<void> {
  await writeFileAtomic(fileOf(place), `${JSON.stringify(window, null, 2)}\n`, 0o600);
}

export async function closeMaintenance(place: Place): Promise<void> {
  await rm(fileOf(place), { force: true });
}
