import { drawGraph, largestGraph } from './graph.js';
import { Steps } from './steps.js';
import { duration, node, stateOf } from './text.js';

const shownLines = 1000;

/** One workflow: head, graph, steps, log. */
export class Detail {
  /** @param announce told in words when the workflow changes its state, for those who do not see it */
  constructor(workflow, log, announce) {
    this.id = workflow.id;
    this.workflow = workflow;
    this.announce = announce;
    this.operations = new Map(workflow.operations.map((operation) => [operation.id, operation]));
    this.makeHead();
    this.element = node('div', {}, [this.head]);
    if (workflow.operations.length > 1 && workflow.operations.length <= largestGraph) {
      this.graph = drawGraph(workflow.operations);
      const about = { class: 'graph', tabindex: '0', role: 'region', 'aria-label': 'Graph' };
      const frame = node('div', about, [this.graph.svg]);
      this.element.append(node('div', { class: 'card' }, [node('h2', {}, 'Graph'), frame]));
    }
    this.steps = new Steps(this.operations);
    this.log = node('pre', { class: 'log', tabindex: '0', role: 'region', 'aria-label': 'Log' });
    this.silence = node('p', { class: 'empty' }, 'Nothing has been said yet.');
    this.element.append(
      node('div', { class: 'card' }, [node('h2', {}, 'Steps'), this.steps.element]),
      node('div', { class: 'card' }, [node('h2', {}, 'Log'), this.silence, this.log]),
    );
    for (const operation of this.operations.values()) this.graph?.update(operation);
    for (const line of log.split('\n').filter(Boolean)) this.addLine(line, line.split(' ')[1]);
    this.drawHead();
    this.timer = setInterval(() => {
      if (!this.element.isConnected) clearInterval(this.timer);
      else this.tick();
    }, 1000);
  }

  /** Reading goes on at the name. */
  focus() {
    this.title.focus({ preventScroll: true });
    document.documentElement.scrollTop = 0;
  }

  apply({ event_type: type, data, timestamp }) {
    if (type === 'TaskStatusChanged') {
      if (data.operation_id === undefined) this.changeWorkflow(data, timestamp);
      else this.changeOperation(data, timestamp);
    } else if (type === 'WorkflowProgressUpdate') {
      Object.assign(this.workflow, { progress: data.progress, completed_steps: data.completed_steps });
      const own = data.step_details && this.operations.get(data.step_details.operation_id);
      if (own) {
        own.progress = data.step_details.step_progress;
        own.current_step = data.step_details.step_message ?? data.step_details.step_name;
        this.draw(own);
      }
    } else if (type === 'LogEntry') {
      this.addLine(`${timestamp} ${data.level.padEnd(5)} ${data.operation_id} ${data.message}`, data.level);
    } else if (type === 'WorkflowStarted') this.workflow.started_at ??= timestamp;
    this.drawHead();
  }

  changeWorkflow({ status, phase, error }, timestamp) {
    const before = stateOf(this.workflow);
    Object.assign(this.workflow, { status, phase, error });
    if (status !== 'Running' && status !== 'Pending') this.workflow.completed_at ??= timestamp;
    else this.workflow.completed_at = undefined;
    const now = stateOf(this.workflow);
    if (now !== before) this.announce(`${this.workflow.name}: ${now}`);
  }

  changeOperation(data, timestamp) {
    const own = this.operations.get(data.operation_id);
    if (!own) return;
    const { status, phase, progress, attempt, error } = data;
    Object.assign(own, { status, phase, progress, attempt, error });
    if (status === 'Running') own.started_at ??= timestamp;
    else if (status !== 'Pending') own.completed_at = timestamp;
    this.draw(own);
    for (const other of this.operations.values())
      if (other.dependencies.some(({ id }) => id === own.id)) this.draw(other);
  }

  draw(operation) {
    this.graph?.update(operation);
    this.steps.update(operation);
  }

  /** The parts stay the same elements: what is selected or focused in them stays so. */
  makeHead() {
    this.title = node('h1', { tabindex: '-1' }, this.workflow.name);
    this.state = node('span');
    this.facts = node('div', { class: 'muted' });
    this.bar = node('progress', { max: '100', 'aria-label': 'Progress' });
    this.error = node('p', { class: 'error' });
    this.hint = node('p', { class: 'muted' });
    this.head = node('div', { class: 'card' }, [
      node('div', { class: 'row' }, [this.title, this.state]),
      this.facts,
      this.bar,
      this.error,
      this.hint,
      node('code', { class: 'muted' }, this.id),
    ]);
  }

  drawHead() {
    const { status, infra, workspace, progress, error, error_detail } = this.workflow;
    const facts = [[workspace, infra].filter(Boolean).join('/'), this.counts(), this.time()];
    say(this.state, stateOf(this.workflow));
    this.state.className = `pill ${status}`;
    say(this.facts, facts.filter(Boolean).join(' · '));
    this.bar.value = progress;
    this.bar.className = status;
    say(this.error, error ?? '');
    say(this.hint, error_detail?.hint ? `→ ${error_detail.hint}` : '');
  }

  /** `12 of 40 steps done, 1 failed, 2 running`. */
  counts() {
    const counts = {};
    for (const operation of this.operations.values()) {
      const state = stateOf(operation);
      counts[state] = (counts[state] ?? 0) + 1;
    }
    const words = {
      Failed: 'failed',
      'Rollback failed': 'not undone',
      'Rolled back': 'rolled back',
      Cancelled: 'skipped',
      Running: 'running',
    };
    const others = Object.entries(words).flatMap(([state, word]) =>
      counts[state] ? [`${counts[state]} ${word}`] : [],
    );
    return [`${counts.Completed ?? 0} of ${this.operations.size} steps done`, ...others].join(', ');
  }

  time() {
    const { started_at, completed_at } = this.workflow;
    return started_at ? duration(started_at, completed_at) : 'not started';
  }

  tick() {
    if (this.workflow.status !== 'Running') return;
    this.drawHead();
    for (const operation of this.operations.values())
      if (operation.status === 'Running') this.steps.update(operation);
  }

  addLine(text, level) {
    this.silence.remove();
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    this.log.append(
      node('div', { class: level }, text.replace(/^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\S* /, '$1 ')),
    );
    while (this.log.childElementCount > shownLines) this.log.firstElementChild.remove();
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }
}

/** Text that has not changed is left alone. */
function say(element, text) {
  element.hidden = text === '';
  if (element.textContent !== text) element.textContent = text;
}
