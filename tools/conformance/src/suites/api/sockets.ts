import { ProvisioningClient } from '@provisioning/client';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { CaseResult } from '../../suite.ts';
import type { RunningService } from './service.ts';

const clients = 200;
/** One in ten stops reading for a while. */
const slowEvery = 10;
const workflows = 40;
const operations = 5;
/** Lines that each operation says: more than a reader that stands still can hold. */
const lines = 10;
/** Bytes that the service may grow by while everybody listens: 20 slow readers at 8 MiB, and the work itself. */
const growth = 400 * 1024 * 1024;

/** A reader that goes on behind the last event it has seen whenever its connection ends. */
class Reader {
  readonly finals = new Set<string>();
  readonly #url: string;
  #socket: WebSocket | undefined;
  #last: string | undefined;
  #ended = false;
  closes = 0;
  doubled = 0;

  constructor(url: string) {
    this.#url = url;
  }

  open(): Promise<void> {
    const query = this.#last === undefined ? '' : `&last_event_id=${this.#last}`;
    const socket = new WebSocket(`${this.#url}/ws?events=task,workflow,log&batch_size=100${query}`);
    this.#socket = socket;
    socket.on('message', (data) => this.#frame(String(data)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#ended) return;
      this.closes++;
      setTimeout(() => void this.open(), 50);
    });
    return new Promise((resolve) => socket.once('open', () => resolve()));
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#ended = true;
    this.#socket?.terminate();
  }

  #frame(text: string): void {
    const frame = JSON.parse(text) as { type?: string; events?: unknown[]; event_type?: string };
    const events = frame.type === 'batch' ? frame.events! : frame.event_type === undefined ? [] : [frame];
    for (const event of events as { id?: string; event_type: string; data: { workflow_id?: string } }[]) {
      if (event.id !== undefined) this.#last = event.id;
      if (event.event_type !== 'WorkflowCompleted') continue;
      if (this.finals.has(event.data.workflow_id!)) this.doubled++;
      this.finals.add(event.data.workflow_id!);
    }
  }
}

/** 200 listeners, slow ones among them: bounded memory, no final event lost (issue: API, must hold). */
export async function socketCases(
  service: RunningService,
  say: (message: string) => void,
): Promise<CaseResult[]> {
  const readers = Array.from({ length: clients }, () => new Reader(service.url.replace('http', 'ws')));
  const client = new ProvisioningClient({ baseUrl: service.url });
  try {
    await Promise.all(readers.map((reader) => reader.open()));
    const before = service.memory();
    const slow = readers.filter((_, index) => index % slowEvery === 0);
    for (const reader of slow) reader.pause();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, service.memory())), 100);
    const text = 'x'.repeat(4000);
    const submissions = await Promise.all(
      Array.from({ length: workflows }, (_, index) =>
        client.submitWorkflow({
          name: `load ${index}`,
          version: '1.0.0',
          parallel_limit: 5,
          operations: Array.from({ length: operations }, (_unused, at) => ({
            id: `say-${at}`,
            type: 'command',
            config: { command: 'sh', args: ['-c', `for i in $(seq ${lines}); do echo ${text}; done`] },
          })),
        }),
      ),
    );
    const ids = submissions.map(({ workflowId }) => workflowId);
    await Promise.all(
      ids.map((id) => client.waitForTaskCompletion(id, { timeout: 600_000, pollInterval: 1000 })),
    );
    await delay(500);
    for (const reader of slow) reader.resume();
    const limit = Date.now() + 120_000;
    const complete = () => readers.every(({ finals }) => ids.every((id) => finals.has(id)));
    while (!complete() && Date.now() < limit) await delay(50);
    clearInterval(watch);
    const lost = readers.filter(({ finals }) => !ids.every((id) => finals.has(id))).length;
    const doubled = readers.filter((reader) => reader.doubled > 0).length;
    const closes = readers.reduce((sum, reader) => sum + reader.closes, 0);
    const grown = most - before;
    say(
      `${clients} clients, ${slow.length} slow: memory ${mebibytes(before)} to ${mebibytes(most)} MiB, ${closes} closed as too slow`,
    );
    const verdict = (name: string, good: boolean, reason: string): CaseResult =>
      good ? { name, status: 'passed' } : { name, status: 'failed', reason };
    return [
      verdict('every client gets the end of every workflow', lost === 0, `${lost} clients miss one`),
      verdict('no end comes twice', doubled === 0, `${doubled} clients got one twice`),
      verdict('memory is bounded', grown < growth, `grew by ${mebibytes(grown)} MiB`),
    ];
  } finally {
    for (const reader of readers) reader.close();
    await client.close();
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
