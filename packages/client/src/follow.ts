import type { Http } from './http.ts';
import { delay } from './timing.ts';
import type { EventEnvelope } from './schemas/events.ts';
import { ProvisioningAPIError } from './errors.ts';

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** Go on after this event; absent: from the workflow's first event. */
  readonly lastEventId?: string;
  /** Milliseconds between polls where no WebSocket gets through; default 500. */
  readonly pollInterval?: number;
  /** Log lines too; default true. */
  readonly logs?: boolean;
  readonly WebSocket?: typeof WebSocket;
  /**
   * Called when nobody has answered for two seconds, and every fifteen seconds from then on; following goes on. A place
   * to say so, or to start the orchestrator again.
   */
  readonly onUnreachable?: () => void | Promise<void>;
}

const unreachableAfter = 2000;
const remindAfter = 15_000;

/**
 * The events of one workflow from `lastEventId` until it ends (`WorkflowCompleted` or `WorkflowFailed`, which is the
 * last one yielded). The WebSocket is tried first; where it does not get through, polling reads the same events. A
 * broken connection resumes behind the last event seen, so nothing is lost and nothing comes twice.
 */
export async function* follow(
  http: Http,
  workflowId: string,
  options: FollowOptions = {},
): AsyncGenerator<EventEnvelope, void, undefined> {
  let last = options.lastEventId;
  let failures = 0;
  let silentSince: number | undefined;
  const Socket = options.WebSocket ?? globalThis.WebSocket;
  while (!options.signal?.aborted) {
    if (Socket && failures < 3) {
      let received = false;
      for await (const event of stream(http, workflowId, last, Socket, options)) {
        received = true;
        if (event.id !== undefined) last = event.id;
        yield event;
        if (isLast(event, workflowId)) return;
      }
      failures = received ? 0 : failures + 1;
      if (failures > 0 && failures < 3) await delay(100 * failures, options.signal).catch(() => undefined);
      if (failures < 3) continue;
    }
    const events = await poll(http, workflowId, last, options);
    if (events === undefined) {
      const now = performance.now();
      silentSince ??= now;
      if (now - silentSince > unreachableAfter) {
        await options.onUnreachable?.();
        silentSince = performance.now() + remindAfter - unreachableAfter;
      }
      await delay(options.pollInterval ?? 500, options.signal).catch(() => undefined);
      continue;
    }
    // It answers again: back to the stream.
    if (silentSince !== undefined) failures = 0;
    silentSince = undefined;
    for (const event of events) {
      if (event.id !== undefined) last = event.id;
      yield event;
      if (isLast(event, workflowId)) return;
    }
    if (events.length === 0) await delay(options.pollInterval ?? 500, options.signal).catch(() => undefined);
  }
}

function isLast(event: EventEnvelope, workflowId: string): boolean {
  return (
    (event.event_type === 'WorkflowCompleted' || event.event_type === 'WorkflowFailed') &&
    (event.data as { workflow_id: string }).workflow_id === workflowId
  );
}

/** Polls; `undefined` when nobody answers: an orchestrator that is being restarted is waited for. */
async function poll(
  http: Http,
  workflowId: string,
  after: string | undefined,
  options: FollowOptions,
): Promise<readonly EventEnvelope[] | undefined> {
  try {
    const answer = await http.call<readonly EventEnvelope[]>({
      method: 'GET',
      path: `/api/v1/workflows/${encodeURIComponent(workflowId)}/events`,
      query: { after },
      signal: options.signal,
    });
    return answer.data;
  } catch (error) {
    if (options.signal?.aborted) return [];
    if (error instanceof ProvisioningAPIError && error.retryable) return undefined;
    throw error;
  }
}

async function* stream(
  http: Http,
  workflowId: string,
  after: string | undefined,
  Socket: typeof WebSocket,
  options: FollowOptions,
): AsyncGenerator<EventEnvelope, void, undefined> {
  const url = new URL(http.endpoint.replace(/^http/, 'ws') + '/ws');
  url.searchParams.set('workflow_id', workflowId);
  url.searchParams.set('events', options.logs === false ? 'task,workflow' : 'task,workflow,log');
  url.searchParams.set('last_event_id', after ?? '0');
  const queue: EventEnvelope[] = [];
  let open = true;
  let wake: () => void = () => undefined;
  const socket = new Socket(url, 'provisioning.v1');
  const stop = () => {
    open = false;
    wake();
  };
  socket.addEventListener('message', (message) => {
    const frame = JSON.parse(String(message.data)) as {
      type?: string;
      events?: EventEnvelope[];
    } & EventEnvelope;
    if (frame.type === 'batch') queue.push(...(frame.events ?? []));
    else if (frame.type === undefined) queue.push(frame);
    wake();
  });
  socket.addEventListener('close', stop);
  socket.addEventListener('error', stop);
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const event = queue.shift();
      if (event) yield event;
      else if (!open) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    socket.close();
  }
}
