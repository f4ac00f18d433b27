import type { OrchestratorClient } from '@provisioning/client';
import type { Interruption } from '../interruption.ts';
import type { Printer } from '../output/printer.ts';
import type { Runtime } from '../runtime.ts';
import { createDisplay } from './display.ts';
import { applyEvent, isFinal, viewOf, type WorkflowView } from './view.ts';

export interface WatchOptions {
  readonly client: OrchestratorClient;
  readonly workflowId: string;
  readonly runtime: Runtime;
  readonly out: Printer;
  readonly interruption: Interruption;
  /** Print every event as a line of JSON on standard output (12 §17). */
  readonly jsonLines?: boolean;
  /** The log tells the story of the work: all of it is shown. */
  readonly story?: boolean;
  /** Say how long things take; default yes. */
  readonly times?: boolean | undefined;
  /** Starts the orchestrator again when it is gone; without it the view says how. */
  readonly revive?: () => Promise<void>;
  /** Seconds after which watching, not the work, ends. */
  readonly timeout?: number;
  /** Milliseconds between two questions where nothing is streamed; default 500. */
  readonly pollInterval?: number;
}

export interface WatchResult {
  readonly view: WorkflowView;
  readonly ended: 'finished' | 'detached' | 'timeout';
}

/**
 * Shows a workflow until it ends (12 §17): a live tree on a terminal that can redraw, one line a change elsewhere. The
 * first Ctrl-C only stops watching; the work goes on.
 */
export async function watchWorkflow(options: WatchOptions): Promise<WatchResult> {
  const { client, workflowId, out } = options;
  const view = viewOf(await client.get(workflowId));
  const stop = new AbortController();
  let ended: WatchResult['ended'] = 'finished';
  const end = (how: 'detached' | 'timeout'): void => {
    ended = how;
    stop.abort();
  };
  const release = options.interruption.onInterrupt(() => end('detached'));
  const onSignal = (): void => stop.abort();
  options.interruption.signal.addEventListener('abort', onSignal, { once: true });
  const timer =
    options.timeout === undefined ? undefined : setTimeout(() => end('timeout'), options.timeout * 1000);
  const display = createDisplay(options, view);
  try {
    display.start();
    if (!isFinal(view.status)) {
      const onUnreachable = async (): Promise<void> => {
        out.warn('The orchestrator does not answer; the workflow is safe and goes on when it runs again');
        if (options.revive === undefined) out.info('Start it: provisioning orchestrator start');
        else await options.revive();
      };
      for await (const event of client.follow(workflowId, {
        signal: stop.signal,
        pollInterval: options.pollInterval,
        onUnreachable,
      })) {
        const change = applyEvent(view, event);
        display.event(event, change);
      }
    }
    const finished = ended === 'finished';
    if (finished && view.error === undefined && view.status !== 'Completed') {
      const record = await client.get(workflowId);
      view.error = record.error;
      view.hint = record.error_detail?.hint;
      view.status = record.status;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    options.interruption.signal.removeEventListener('abort', onSignal);
    release();
    display.stop();
  }
  options.interruption.signal.throwIfAborted();
  out.debug(`workflow ${workflowId}: ${view.status}`);
  return { view, ended };
}
