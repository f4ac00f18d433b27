import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@provisioning/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../testing/free-port.ts';

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
    return await paced(rate, seconds, () =>
      client.submit({
        name: 'submit',
        version: '1.0.0',
        // A few of them occupy the slots; all others stay in the queue.
        operations: [{ id: 'a', type: 'command', input: { command: 'sleep', args: ['120'] } }],
      }),
    );
  } finally {
    service.kill('SIGTERM');
    await gone;
  }
}

/**
 * The same load on a server that does nothing but sync a line of the same size to a file before it answers: what the
 * machine, its disk and HTTP cost at this moment.
 */
export async function floorLatencies(folder: string, rate: number, seconds: number): Promise<number[]> {
  const port = await freePort();
  const program = join(import.meta.dirname, 'submit-floor.ts');
  const server = spawn(process.execPath, ['--no-warnings', program, String(port), join(folder, 'floor')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => server.on('exit', resolve));
  try {
    await new Promise((resolve) => server.stdout.once('data', resolve));
    const body = 'x'.repeat(300);
    return await paced(rate, seconds, async () => {
      await (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })).text();
    });
  } finally {
    server.kill('SIGTERM');
    await gone;
  }
}

/** Milliseconds of each call, begun `rate` a second whether or not the earlier ones have ended. */
async function paced(rate: number, seconds: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const one = async (): Promise<void> => {
    const began = performance.now();
    await call();
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
}
