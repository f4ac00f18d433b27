import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Cron } from 'croner';

/**
 * The first time behind `after` that a cron expression names.
 * @param after milliseconds
 * @returns milliseconds, or nothing when no time is left
 * @throws ProvisioningError `SCHEDULE_INVALID` for an expression or a time zone that cannot be read
 */
export function nextTime(cron: string, timezone: string, after: number): number | undefined {
  try {
    const times = new Cron(cron, { timezone, paused: true });
    return times.nextRun(new Date(after))?.getTime();
  } catch (cause) {
    throw new ProvisioningError({
      code: 'SCHEDULE_INVALID',
      kind: 'usage',
      message: `Cannot read the schedule '${cron}' in time zone '${timezone}': ${(cause as Error).message}`,
      hint: 'Five fields: minute hour day month weekday, for example "0 3 * * *"; a zone like Europe/Berlin',
      cause,
    });
  }
}
