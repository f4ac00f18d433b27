import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `onLine` for every line that a file gains from now on, until the signal; survives rotation. */
export async function followFile(
  file: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let position = (await stat(file).catch(() => ({ size: 0 }))).size;
  let rest = '';
  while (!signal.aborted) {
    const size = (await stat(file).catch(() => ({ size: 0 }))).size;
    if (size < position) position = 0;
    if (size > position) {
      const handle = await open(file, 'r');
      try {
        const { bytesRead, buffer } = await handle.read(
          Buffer.alloc(size - position),
          0,
          size - position,
          position,
        );
        position += bytesRead;
        const lines = (rest + buffer.subarray(0, bytesRead).toString('utf8')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      } finally {
        await handle.close();
      }
    }
    await sleep(200, undefined, { signal }).catch(() => undefined);
  }
}
