import { drawGraph, largestGraph } from './graph.js';
import { duration, marks, node } from './text.js';

const shownLines = 1000;
const shownSteps = 500;

/** One workflow: head, graph, steps, log. */
export class Detail {
  constructor(workflow, log) {
    this.id = workflow.id;
    this.workflow = workflow;
    this.operations = new Map(workflow.operations.map((operation) => [operation.id, operation]));
    this.rows = new Map();
    this.head = node('div', { class: 'card' });
    this.log = node('pre', { class: 'log', tabindex: '0', 'aria-label': 'Log' });
    this.steps = node('ol', { class: 'steps' });
    this.element = node('div', {}, [this.head]);
    if (workflow.operations.length > 1 && workflow.operations.length <= largestGraph) {
      this.graph = drawGraph(workflow.operations);
      const frame = node('div', { class: 'graph', tabindex: '0' }, [this.graph.svg]);
      this.element.append(node('div', { class: 'card' }, [node('h2', {}, 'Graph'), frame]));
    }
    this.element.append(
      node('div', { class: 'card' }, [node('h2', {}, 'Steps'), this.steps]),
      node('div', { class: 'card' }, [node('h2', {}, 'Log'), this.log]),
    );
    for (const operation of workflow.operations.slice(0, shownSteps)) {
      const row = node('li');
      this.rows.set(operation.id, row);
      this.steps.append(row);
    }
    if (workflow.operations.length > shownSteps) {
      this.steps.append(
        node('li', { class: 'muted' }, `and ${workflow.operations.length - shownSteps} more`),
      );
    }
    for (const operation of this.operations.values()) this.drawOperation(operation);
    for (const line of log.split('\n').filter(Boolean)) this.addLine(line, line.split(' ')[1]);
    this.drawHead();
    this.timer = setInterval(() => {
      if (!this.element.isConnected) clearInterval(this.timer);
      else this.tick();
    }, 1000);
  }

  apply({ event_type: type, data, timestamp }) {
    if (type === 'TaskStatusChanged') {
      if (data.operation_id === undefined)
        Object.assign(this.workflow, { status: data.status, error: data.error });
      else this.changeOperation(data, timestamp);
      if (data.operation_id === undefined && data.status !== 'Running' && data.status !== 'Pending') {
        this.workflow.completed_at = timestamp;
      }
    } else if (type === 'WorkflowProgressUpdate') {
      Object.assign(this.workflow, { progress: data.progress, completed_steps: data.completed_steps });
      const own = data.step_details && this.operations.get(data.step_details.operation_id);
      if (own) {
        own.progress = data.step_details.step_progress;
        own.current_step = data.step_details.step_message ?? data.step_details.step_name;
        this.drawOperation(own);
      }
    } else if (type === 'LogEntry') {
      this.addLine(`${timestamp} ${data.level.padEnd(5)} ${data.operation_id} ${data.message}`, data.level);
    } else if (type === 'WorkflowStarted') this.workflow.started_at ??= timestamp;
    this.drawHead();
  }

  changeOperation(data, timestamp) {
    const own = this.operations.get(data.operation_id);
    if (!own) return;
    const { status, phase, progress, attempt, error } = data;
    Object.assign(own, { status, phase, progress, attempt, error });
    if (status === 'Running') own.started_at ??= timestamp;
    else if (status !== 'Pending') own.completed_at = timestamp;
    this.drawOperation(own);
    for (const other of this.operations.values())
      if (other.dependencies.some(({ id }) => id === own.id)) this.drawOperation(other);
  }

  drawHead() {
    const { name, status, infra, workspace, progress, total_steps, completed_steps, error, error_detail } =
      this.workflow;
    const facts = [
      [workspace, infra].filter(Boolean).join('/'),
      `${completed_steps} of ${total_steps} steps`,
      this.time(),
    ];
    this.head.replaceChildren(
      node('div', { class: 'row' }, [
        node('h1', {}, name),
        node('span', { class: `pill ${status}` }, status),
      ]),
      node('div', { class: 'muted' }, facts.filter(Boolean).join(' · ')),
      node('progress', { max: '100', value: String(progress), 'aria-label': 'Progress' }),
      ...(error ? [node('p', { class: 'error' }, error)] : []),
      ...(error_detail?.hint ? [node('p', { class: 'muted' }, `→ ${error_detail.hint}`)] : []),
      node('code', { class: 'muted' }, this.id),
    );
  }

  time() {
    const { started_at, completed_at } = this.workflow;
    return started_at ? duration(started_at, completed_at) : 'not started';
  }

  tick() {
    if (this.workflow.status !== 'Running') return;
    this.drawHead();
    for (const operation of this.operations.values())
      if (operation.status === 'Running') this.drawOperation(operation);
  }

  drawOperation(operation) {
    this.graph?.update(operation);
    const row = this.rows.get(operation.id);
    if (!row) return;
    const { status, phase, name, current_step, progress, attempt, error, started_at, completed_at } =
      operation;
    const running = status === 'Running';
    const notes = [
      running && current_step,
      running && progress > 0 && progress < 100 && `${Math.round(progress)} %`,
      attempt > 1 && `attempt ${attempt}`,
      phase === 'blocked'
        ? this.waitsFor(operation)
        : !['running', 'done', 'queued'].includes(phase) && phase.replace('_', ' '),
    ].filter(Boolean);
    row.className = status;
    row.replaceChildren(
      node('span', { class: 'mark', role: 'img', 'aria-label': status }, marks[status]),
      node('div', {}, [
        node('span', { class: 'name' }, name),
        node('div', { class: 'muted' }, notes.join(' · ')),
        ...(error && status !== 'Completed' ? [node('div', { class: 'error' }, error)] : []),
      ]),
      node(
        'span',
        { class: 'muted' },
        started_at ? duration(started_at, running ? undefined : completed_at) : '',
      ),
    );
  }

  /** What a blocked operation waits for: dependencies that have not ended, or what the server says. */
  waitsFor({ dependencies, reason }) {
    const open = dependencies
      .map(({ id }) => this.operations.get(id))
      .filter((other) => other && (other.status === 'Pending' || other.status === 'Running'))
      .map(({ name }) => name);
    return open.length > 0 ? `waits for ${open.join(', ')}` : (reason ?? 'blocked');
  }

  addLine(text, level) {
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    this.log.append(
      node('div', { class: level }, text.replace(/^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\S* /, '$1 ')),
    );
    while (this.log.childElementCount > shownLines) this.log.firstElementChild.remove();
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }
}
