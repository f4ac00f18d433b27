import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@provisioning/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../../packages/orchestrator/src/testing/servers.fixture.ts';

/**
 * Milliseconds of each submission to the real service over HTTP, `rate` a second for `seconds`. The workflows stay in the
 * queue: what is measured is the durable acceptance.
 */
export async function submitLatencies(
  root: string,
  folder: string,
  rate: number,
  seconds: number,
): Promise<number[]> {
  const port = await freePort();
  const data = join(folder, 'service');
  mkdirSync(data, { recursive: true });
  const program = join(root, 'packages/orchestrator/bin/provisioning-orchestrator.js');
  const service = spawn(
    process.execPath,
    [program, '--port', String(port), '--data-dir', data, '--log-level', 'error'],
    {
      stdio: 'ignore',
      env: { ...process.env, ORCHESTRATOR_SHUTDOWN_GRACE_SECONDS: '0' },
    },
  );
  const gone = new Promise((resolve) => service.on('exit', resolve));
  try {
    const client = createClient({ endpoint: `http://127.0.0.1:${port}`, retry: false });
    for (let attempt = 0; ; attempt++) {
      if (
        await client.health().then(
          () => true,
          () => false,
        )
      )
        break;
      if (attempt > 200) throw new Error('the orchestrator does not start');
      await sleep(50);
    }
    const times: number[] = [];
    const one = async (): Promise<void> => {
      const began = performance.now();
      await client.submit({
        name: 'submit',
        version: '1.0.0',
        // A few of them occupy the slots; all others stay in the queue.
        operations: [{ id: 'a', type: 'command', input: { command: 'sleep', args: ['120'] } }],
      });
      times.push(performance.now() - began);
    };
    for (let warm = 0; warm < 100; warm++) await one();
    times.length = 0;
    const pending: Promise<void>[] = [];
    const begin = performance.now();
    for (let count = 0; count < rate * seconds; count++) {
      const due = begin + (count * 1000) / rate;
      const wait = due - performance.now();
      if (wait > 0) await sleep(wait);
      pending.push(one());
    }
    await Promise.all(pending);
    return times;
  } finally {
    service.kill('SIGTERM');
    await gone;
  }
}
