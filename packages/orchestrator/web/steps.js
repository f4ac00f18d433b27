import { duration, marks, node, stateOf } from './text.js';

/** Steps that are listed at once. */
const page = 100;

/** The steps of a workflow. Of many, those that failed or run come first, and the others in pages. */
export class Steps {
  constructor(operations) {
    this.operations = operations;
    this.rows = new Map();
    this.listed = node('ol', { class: 'steps' });
    this.urgent = node('ul', { class: 'steps urgent', 'aria-label': 'Failed and running steps' });
    this.more = node('button', { class: 'more' });
    this.more.addEventListener('click', () => this.show(this.rows.size + page));
    this.element = node('div', {}, [this.urgent, this.listed, this.more]);
    this.late = new Map();
    this.show(page);
    for (const operation of operations.values()) this.update(operation);
  }

  /** @param count of steps, from the first one */
  show(count) {
    const all = [...this.operations.values()];
    for (const operation of all.slice(this.rows.size, count)) {
      const row = node('li');
      this.rows.set(operation.id, row);
      this.listed.append(row);
      draw(row, operation, this.operations);
      this.drop(operation.id);
    }
    const rest = all.length - this.rows.size;
    this.urgent.hidden = this.late.size === 0;
    this.more.hidden = rest <= 0;
    this.more.textContent = `Show ${Math.min(rest, page)} more of ${all.length}`;
  }

  update(operation) {
    const row = this.rows.get(operation.id);
    if (row) {
      draw(row, operation, this.operations);
      return;
    }
    // Not in the pages so far: it is shown while there is something to see.
    const wanted = operation.status === 'Failed' || operation.status === 'Running';
    let extra = this.late.get(operation.id);
    if (!wanted) this.drop(operation.id);
    else if (extra || this.late.size < page) {
      if (!extra) {
        this.late.set(operation.id, (extra = node('li')));
        this.urgent.append(extra);
      }
      draw(extra, operation, this.operations);
    }
    this.urgent.hidden = this.late.size === 0;
  }

  drop(id) {
    this.late.get(id)?.remove();
    this.late.delete(id);
  }
}

function draw(row, operation, operations) {
  const { status, name, error, started_at, completed_at } = operation;
  const running = status === 'Running';
  const state = stateOf(operation);
  const time = started_at ? duration(started_at, running ? undefined : completed_at) : '';
  const notes = notesOf(operation, operations).join(' · ');
  const drawn = [state, notes, error, time].join('\n');
  if (row.drawn === drawn) return;
  row.drawn = drawn;
  const undone = state === 'Rolled back';
  row.className = undone ? 'undone' : status;
  row.replaceChildren(
    node('span', { class: 'mark', role: 'img', 'aria-label': state }, marks[undone ? state : status]),
    node('div', {}, [
      node('span', { class: 'name' }, name),
      ...(notes === '' ? [] : [node('div', { class: 'muted' }, notes)]),
      ...(error && status !== 'Completed' ? [node('div', { class: 'error' }, error)] : []),
    ]),
    node('span', { class: 'muted' }, time),
  );
}

function notesOf(operation, operations) {
  const { status, phase, current_step, progress, attempt } = operation;
  const running = status === 'Running';
  return [
    running && current_step,
    running && progress > 0 && progress < 100 && `${Math.round(progress)} %`,
    attempt > 1 && `attempt ${attempt}`,
    phase === 'blocked'
      ? waitsFor(operation, operations)
      : !['running', 'done', 'queued'].includes(phase) && phase.replace('_', ' '),
  ].filter(Boolean);
}

/** What a blocked operation waits for: dependencies that have not ended, or what the server says. */
function waitsFor({ dependencies, reason }, operations) {
  const open = dependencies
    .map(({ id }) => operations.get(id))
    .filter((other) => other && (other.status === 'Pending' || other.status === 'Running'))
    .map(({ name }) => name);
  return open.length > 0 ? `waits for ${open.join(', ')}` : (reason ?? 'blocked');
}
