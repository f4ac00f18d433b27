import type { Style } from '../output/style.ts';
import { fit, pad } from '../output/table.ts';
import { width } from '../output/width.ts';
import { isFinal, type OperationView, type WorkflowView } from './view.ts';

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export interface FrameOptions {
  readonly style: Style;
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly verbose: boolean;
  /** Say how long things take; default yes. */
  readonly times?: boolean | undefined;
}

/** One frame of the live tree: the workflow, its operations in order of dependency, the newest log lines. */
export function renderFrame(view: WorkflowView, options: FrameOptions): string[] {
  const { style, columns } = options;
  const operations = [...view.operations.values()];
  const depths = depthsOf(view.operations);
  const room = Math.max(3, options.rows - 6);
  const visible = choose(operations, room);
  const label = Math.min(
    Math.max(0, ...visible.map((operation) => width(operation.name) + 2 * depths.get(operation.id)!)),
    Math.max(12, Math.floor(columns * 0.45)),
  );
  const lines = visible.map((operation) =>
    operationLine(operation, depths.get(operation.id)!, label, options),
  );
  if (visible.length < operations.length) {
    const hidden = operations.length - visible.length;
    lines.push(
      style.dim(
        `  … ${hidden} more (${operations.filter(({ status }) => status === 'Completed').length} done)`,
      ),
    );
  }
  if (options.verbose) lines.push(...view.log.slice(-5).map((line) => style.dim(fit(`  ${line}`, columns))));
  return [header(view, options), ...lines];
}

function header(view: WorkflowView, options: FrameOptions): string {
  const { style } = options;
  const operations = [...view.operations.values()];
  const done = operations.filter(({ status }) => status === 'Completed').length;
  const timed = options.times !== false;
  const time = timed ? ` ${elapsed((view.endedAt ?? options.now) - (view.startedAt ?? options.now))}` : '';
  const eta =
    !timed || view.remaining === null || isFinal(view.status)
      ? ''
      : `, about ${elapsed(view.remaining * 1000)} left`;
  const text = `${mark(view.status, view.phase, options)} ${style.strong(view.name)} ${done}/${operations.length}${time}${eta}`;
  return fitStyled(text, options.columns);
}

function operationLine(
  operation: OperationView,
  depth: number,
  label: number,
  options: FrameOptions,
): string {
  const { style, columns } = options;
  const name = pad(fit(`${'  '.repeat(depth)}${operation.name}`, label), label);
  const time =
    operation.startedAt === undefined || options.times === false
      ? ''
      : elapsed((operation.endedAt ?? options.now) - operation.startedAt);
  const head = `  ${mark(operation.status, operation.phase, options)} ${name} ${pad(time, 5, 'right')}`;
  const room = columns - width(head) - 2;
  const note = noteOf(operation);
  if (note === '' || room < 6) return head;
  const text = fit(note, room);
  return `${head}  ${operation.status === 'Failed' ? style.bad(text) : style.dim(text)}`;
}

/** What an operation is doing or why it waits, in a few words. */
export function noteOf(operation: OperationView): string {
  if (operation.status === 'Failed') return firstLine(operation.error ?? 'failed');
  if (operation.status === 'Cancelled')
    return firstLine(operation.error ?? operation.reason ?? operation.phase);
  if (operation.status === 'Running') {
    if (operation.phase === 'retry_wait')
      return firstLine(`waits before attempt ${operation.attempt + 1}: ${operation.error ?? ''}`);
    const step = [operation.step, operation.message]
      .filter((part) => part !== undefined && part !== '')
      .join(': ');
    return firstLine(step === '' ? operation.phase.replace('running', '') : step);
  }
  return operation.status === 'Pending' ? (operation.reason ?? '') : '';
}

function mark(status: string, phase: string, options: FrameOptions): string {
  const { style, now } = options;
  if (!style.colour) return plainMarks[status] ?? '-';
  if (status === 'Completed') return style.good('✓');
  if (status === 'Failed') return style.bad('✗');
  if (status === 'Cancelled') return style.dim('⊘');
  if (status === 'Running') {
    return phase === 'retry_wait'
      ? style.warn('↻')
      : style.warn(spinner[Math.floor(now / 100) % spinner.length]!);
  }
  return style.dim('○');
}

const plainMarks: Readonly<Record<string, string>> = {
  Completed: 'ok',
  Failed: '!!',
  Cancelled: '--',
  Running: '>>',
  Pending: '..',
};

/** How deep an operation stands behind those it waits for, at most 4, so that the tree stays readable. */
function depthsOf(operations: ReadonlyMap<string, OperationView>): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const depth = (id: string, seen: ReadonlySet<string>): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const operation = operations.get(id);
    if (!operation || seen.has(id)) return -1;
    const below = operation.dependencies.map((dependency) => depth(dependency, new Set([...seen, id])));
    const found = Math.min(4, Math.max(-1, ...below) + 1);
    depths.set(id, found);
    return found;
  };
  for (const id of operations.keys()) depth(id, new Set());
  return depths;
}

/** The operations that matter most, in their own order, when not all fit on the screen. */
function choose(operations: readonly OperationView[], room: number): readonly OperationView[] {
  if (operations.length <= room) return operations;
  const weight: Readonly<Record<string, number>> = {
    Failed: 0,
    Running: 1,
    Pending: 2,
    Cancelled: 3,
    Completed: 4,
  };
  const ranked = operations
    .map((operation, index) => ({ operation, index }))
    .sort((a, b) => weight[a.operation.status]! - weight[b.operation.status]! || a.index - b.index)
    .slice(0, room - 1);
  return ranked.sort((a, b) => a.index - b.index).map(({ operation }) => operation);
}

/** `0.4s`, `12s`, `3m05s`, `1h02m`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** Cuts a styled line only when it is too long; the style of the cut part is lost then. */
function fitStyled(text: string, columns: number): string {
  return width(text) <= columns ? text : fit(text, columns);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
