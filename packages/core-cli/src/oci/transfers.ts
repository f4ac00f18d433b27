import type { Transfer } from '@provisioning/distribution';
import type { ProvisioningCommand } from '../frame/command.ts';

/** Prints what a copy, mirror, export or import did; any failure makes the command fail (09 §9). */
export async function printTransfers(
  command: ProvisioningCommand,
  transfers: readonly Transfer[],
  done: (copied: number, present: number) => string,
): Promise<void> {
  const { out } = command;
  const failed = transfers.filter(({ state }) => state === 'failed');
  await out.result(transfers, () =>
    out.table(transfers, [
      { title: 'from', value: ({ from }) => from },
      { title: 'to', value: ({ to }) => to },
      { title: 'state', value: ({ state }) => state },
      { title: 'bytes', value: ({ bytes }) => bytes, align: 'right' },
    ]),
  );
  for (const { from, error } of failed) out.warn(`${from}: ${error ?? 'failed'}`);
  if (failed.length > 0) command.exitCode = 1;
  else if (command.globals.check) {
    const planned = transfers.filter(({ state }) => state === 'would-copy').length;
    out.success(`Would copy ${planned}, present ${transfers.length - planned}`);
  } else {
    const copied = transfers.filter(({ state }) => state === 'copied').length;
    out.success(done(copied, transfers.length - copied));
  }
}

/** Bytes as people read them. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
