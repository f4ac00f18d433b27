import type { EventEnvelope, OrchestratorClient } from '@provisioning/client';
import type { Interruption } from '../interruption.ts';
import type { Printer } from '../output/printer.ts';
import type { Runtime } from '../runtime.ts';
import { changeLine, logLine } from './lines.ts';
import { elapsed, renderFrame } from './render.ts';
import { Screen } from './screen.ts';
import { applyEvent, isFinal, viewOf, type ViewChange, type WorkflowView } from './view.ts';

export interface WatchOptions {
  readonly client: OrchestratorClient;
  readonly workflowId: string;
  readonly runtime: Runtime;
  readonly out: Printer;
  readonly interruption: Interruption;
  /** Print every event as a line of JSON on standard output (12 §17). */
  readonly jsonLines?: boolean;
  /** Seconds after which watching, not the work, ends. */
  readonly timeout?: number;
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
  const timer =
    options.timeout === undefined ? undefined : setTimeout(() => end('timeout'), options.timeout * 1000);
  const display = createDisplay(options, view);
  try {
    display.start();
    if (!isFinal(view.status)) {
      for await (const event of client.follow(workflowId, { signal: stop.signal })) {
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
    release();
    display.stop();
  }
  out.debug(`workflow ${workflowId}: ${view.status}`);
  return { view, ended };
}

interface Display {
  start(): void;
  event(event: EventEnvelope, change: ViewChange | undefined): void;
  stop(): void;
}

function createDisplay(options: WatchOptions, view: WorkflowView): Display {
  const { out, runtime } = options;
  if (options.jsonLines) {
    return {
      start: () => undefined,
      event: (event) => void runtime.stdout.write(`${JSON.stringify(event)}\n`),
      stop: () => undefined,
    };
  }
  if (out.errorTerminal.redraw && !out.machine && !out.options.quiet) return treeDisplay(options, view);
  return lineDisplay(options, view);
}

/** One line a change, for pipes, logs and screen readers. */
function lineDisplay({ out, runtime }: WatchOptions, view: WorkflowView): Display {
  const begun = runtime.now();
  return {
    start: () => out.progress(`Workflow ${view.id} (${view.operations.size} operations)`),
    event: (_, change) => {
      if (change?.kind === 'operation')
        out.progress(changeLine(change.operation, change.from, runtime.now() - begun));
      else if (
        change?.kind === 'log' &&
        (out.options.verbose || change.level === 'ERROR' || change.level === 'WARN')
      ) {
        out.progress(logLine(change.message, change.operation, runtime.now() - begun));
      }
    },
    stop: () => {
      if (isFinal(view.status)) out.progress(`[${elapsed(runtime.now() - begun)}] workflow ${view.status}`);
    },
  };
}

/** The tree that redraws itself, ten times a second and on every change of the window. */
function treeDisplay({ out, runtime, interruption }: WatchOptions, view: WorkflowView): Display {
  const screen = new Screen(runtime.stderr);
  const draw = (): void => {
    const { columns = 80, rows = 24 } = runtime.stderr;
    const frame = { style: out.errorStyle, columns, rows, now: runtime.now(), verbose: out.options.verbose };
    screen.draw(renderFrame(view, frame));
  };
  const timer = setInterval(draw, out.errorTerminal.colour ? 100 : 1000);
  const onContinue = (): void => {
    screen.forget();
    draw();
  };
  const onSuspend = (): void => {
    screen.release();
    process.kill(process.pid, 'SIGSTOP');
  };
  const forget = interruption.onCleanup(() => screen.release());
  return {
    start: () => {
      runtime.stderr.on('resize', draw);
      process.on('SIGCONT', onContinue);
      process.on('SIGTSTP', onSuspend);
      draw();
    },
    event: () => undefined,
    stop: () => {
      clearInterval(timer);
      runtime.stderr.off('resize', draw);
      process.off('SIGCONT', onContinue);
      process.off('SIGTSTP', onSuspend);
      draw();
      screen.release();
      forget();
    },
  };
}
