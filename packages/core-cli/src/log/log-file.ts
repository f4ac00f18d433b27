import { readFile } from 'node:fs/promises';
import type { ProvisioningCommand } from '../frame/command.ts';
import { followFile } from './follow-file.ts';

/** The last lines of a log; none where there is no such file. */
export async function lastLines(file: string, count: number): Promise<string[]> {
  if (count <= 0) return [];
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-count);
}

/** Calls `onLine` for every line that these files gain, until Ctrl-C ends the watch quietly. */
export async function followLogs(
  command: ProvisioningCommand,
  files: readonly string[],
  onLine: (line: string, file: string) => void,
): Promise<void> {
  const stop = new AbortController();
  command.host.interruption.onInterrupt(() => stop.abort());
  await Promise.all(files.map((file) => followFile(file, (line) => onLine(line, file), stop.signal)));
}
