import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import type { InfrastructureCost } from './estimate.ts';
import { infraPath } from '../state/paths.ts';

type Place = Parameters<typeof infraPath>[0];

/** What an infrastructure cost by the month on a day. */
export interface CostSnapshot {
  /** `2026-11-23`, UTC. */
  readonly date: string;
  readonly totals: readonly { readonly currency: string; readonly monthly: number }[];
  /** Whether a price was missing: it cost at least this. */
  readonly incomplete: boolean;
}

/** An amount by the month from which on somebody wants to know. */
export interface CostAlert {
  readonly threshold: number;
  readonly set_at: string;
}

interface CostRecords {
  readonly version: 1;
  readonly snapshots: readonly CostSnapshot[];
  readonly alert?: CostAlert;
}

const empty: CostRecords = { version: 1, snapshots: [] };
/** Days that are kept. */
const kept = 400;

function fileOf(place: Place): string {
  return join(infraPath(place), 'data', 'costs.json');
}

async function read(place: Place): Promise<CostRecords> {
  const file = fileOf(place);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty;
    throw error;
  }
  try {
    return { ...empty, ...(JSON.parse(text) as Partial<CostRecords>) };
  } catch (cause) {
    throw new ProvisioningError({
      code: 'COST_RECORDS_INVALID',
      kind: 'configuration',
      message: `The cost records do not parse: ${(cause as Error).message}`,
      location: { file },
      hint: 'Delete the file: recording begins anew.',
      cause,
    });
  }
}

async function change(place: Place, edit: (records: CostRecords) => CostRecords): Promise<void> {
  const file = fileOf(place);
  await withFileLock(file, async () => {
    const before = await read(place);
    const after = edit(before);
    if (after !== before) await writeFileAtomic(file, `${JSON.stringify(after, null, 2)}\n`, 0o600);
  });
}

/** Writes down the cost of today, once a day (05 §10 `cost trends`); a later one of the day replaces it. */
export async function recordCost(place: Place, cost: InfrastructureCost, now: number): Promise<void> {
  const date = new Date(now).toISOString().slice(0, 10);
  const totals = cost.totals.map(({ currency, monthly }) => ({ currency, monthly }));
  const snapshot: CostSnapshot = { date, totals, incomplete: cost.incomplete };
  await change(place, (records) => ({
    ...records,
    snapshots: [...records.snapshots.filter((one) => one.date !== date), snapshot]
      .sort((a, b) => a.date.localeCompare(b.date))
      .slice(-kept),
  }));
}

/** Recorded days of the last `days`, oldest first. */
export async function costTrend(place: Place, days: number, now: number): Promise<readonly CostSnapshot[]> {
  const first = new Date(now - days * 86_400_000).toISOString().slice(0, 10);
  return (await read(place)).snapshots.filter(({ date }) => date >= first);
}

export async function costAlert(place: Place): Promise<CostAlert | undefined> {
  return (await read(place)).alert;
}

/** Remembers the amount, or forgets it without one. */
export async function setCostAlert(place: Place, threshold: number | undefined, now: number): Promise<void> {
  await change(place, ({ alert: _before, ...records }) =>
    threshold === undefined
      ? records
      : { ...records, alert: { threshold, set_at: new Date(now).toISOString() } },
  );
}

/** The line that tells of a cost at or above the amount somebody asked for; nothing below it. */
export function costAlertText(alert: CostAlert | undefined, cost: InfrastructureCost): string | undefined {
  if (alert === undefined) return undefined;
  const over = cost.totals.find(({ monthly }) => monthly >= alert.threshold);
  return over === undefined
    ? undefined
    : `Cost alert: ${over.monthly.toFixed(2)} ${over.currency} a month, the alert is set to ${alert.threshold.toFixed(2)}`;
}
