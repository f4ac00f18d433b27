import type { EventEnvelope } from '@provisioning/client';
import type { Interruption } from '../interruption.ts';
import type { Printer } from '../output/printer.ts';
import type { Runtime } from '../runtime.ts';
import { changeLine, clock, logLine } from './lines.ts';
import { renderFrame } from './render.ts';
import { Screen } from './screen.ts';
import { isFinal, type ViewChange, type WorkflowView } from './view.ts';
import { counted } from '../output/counted.ts';

export interface DisplayOptions {
  readonly runtime: Runtime;
  readonly out: Printer;
  readonly interruption: Interruption;
  /** Print every event as a line of JSON on standard output (12 §17). */
  readonly jsonLines?: boolean;
  /** The log tells the story of the work, batch by batch: all of it is shown. */
  readonly story?: boolean;
  /** Say how long things take (05 §3 `runset.use_time`); default yes. */
  readonly times?: boolean | undefined;
}

/** Shows how a workflow goes on; `event` is called after the view was brought up to date. */
export interface Display {
  start(): void;
  event(event: EventEnvelope | undefined, change: ViewChange | undefined): void;
  stop(): void;
}

/** The live tree where the terminal can redraw, one line a change elsewhere. */
export function createDisplay(options: DisplayOptions, view: WorkflowView): Display {
  const { out, runtime } = options;
  if (options.jsonLines) {
    return {
      start: () => undefined,
      event: (event) => void (event && runtime.stdout.write(`${JSON.stringify(event)}\n`)),
      stop: () => undefined,
    };
  }
  if (out.errorTerminal.redraw && !out.machine && !out.options.quiet) return treeDisplay(options, view);
  return lineDisplay(options, view);
}

/** One line a change, for pipes, logs and screen readers. */
function lineDisplay({ out, runtime, story, times = true }: DisplayOptions, view: WorkflowView): Display {
  const begun = runtime.now();
  const sinceBegun = (): number | undefined => (times ? runtime.now() - begun : undefined);
  return {
    start: () => out.progress(`${view.name}: ${counted(view.operations.size, 'operation')}`),
    event: (_, change) => {
      if (change?.kind === 'operation') out.progress(changeLine(change.operation, change.from, sinceBegun()));
      else if (
        change?.kind === 'log' &&
        (story || out.options.verbose || change.level === 'ERROR' || change.level === 'WARN')
      ) {
        out.progress(logLine(change.message, change.operation, sinceBegun()));
      }
    },
    stop: () => {
      if (isFinal(view.status)) out.progress(`${clock(sinceBegun())}workflow ${view.status}`);
    },
  };
}

/** The tree that redraws itself, ten times a second and on every change of the window. */
function treeDisplay({ out, runtime, interruption, times }: DisplayOptions, view: WorkflowView): Display {
  const screen = new Screen(runtime.stderr);
  const draw = (): void => {
    const { columns = 80, rows = 24 } = runtime.stderr;
    const frame = {
      style: out.errorStyle,
      columns,
      rows,
      now: runtime.now(),
      verbose: out.options.verbose,
      times,
    };
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
