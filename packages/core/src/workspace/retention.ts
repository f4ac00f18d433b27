/** How many backups of which kind are kept (05 §4.6). */
export interface Retention {
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
}

/**
 * Backups that may go: of each of the last days, ISO weeks, months and years that have one the newest stays (21 §4.3).
 * The newest of all always stays. Times are UTC.
 */
export function expiredBackups<T extends { readonly created: string }>(
  backups: readonly T[],
  { daily = 0, weekly = 0, monthly = 0, yearly = 0 }: Retention,
): readonly T[] {
  const newestFirst = backups.toSorted((a, b) => b.created.localeCompare(a.created));
  const kept = new Set<T>(newestFirst.slice(0, 1));
  const periods: readonly (readonly [number, (time: Date) => string])[] = [
    [daily, (time) => time.toISOString().slice(0, 10)],
    [weekly, isoWeek],
    [monthly, (time) => time.toISOString().slice(0, 7)],
    [yearly, (time) => time.toISOString().slice(0, 4)],
  ];
  for (const [count, periodOf] of periods) {
    const seen = new Set<string>();
    for (const backup of newestFirst) {
      const period = periodOf(new Date(backup.created));
      if (seen.has(period) || seen.size >= count) continue;
      seen.add(period);
      kept.add(backup);
    }
  }
  return newestFirst.filter((backup) => !kept.has(backup));
}

/** `2026-W01`: the week belongs to the year its Thursday is in. */
function isoWeek(time: Date): string {
  const thursday = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((thursday.getTime() - first) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
