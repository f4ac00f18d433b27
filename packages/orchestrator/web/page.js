import { events, get, health, logs } from './api.js';
import { Detail } from './detail.js';
import { ago, node } from './text.js';

/** The list of workflows, the chosen one beside it, both kept up to date by events. */

const list = document.getElementById('list');
const detail = document.getElementById('detail');
const more = document.getElementById('more');
const pageSize = 50;
const workflows = new Map();
let status = '';
let shown;
let refreshing;

async function loadList(append = false) {
  const offset = append ? workflows.size : 0;
  const filter = status === '' ? '' : `&status=${status}`;
  const { data, total } = await get(`/workflows?limit=${pageSize}&offset=${offset}${filter}`);
  if (!append) workflows.clear();
  for (const workflow of data) workflows.set(workflow.id, workflow);
  more.hidden = workflows.size >= total;
  drawList();
}

function drawList() {
  const chosen = location.hash.slice(1);
  const items = [...workflows.values()]
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
    .map((workflow) => {
      const link = node('a', { href: `#${workflow.id}` });
      if (workflow.id === chosen) link.setAttribute('aria-current', 'true');
      link.append(
        node('div', { class: 'row' }, [
          node('span', { class: 'name' }, workflow.name),
          node('span', { class: `pill ${workflow.status}` }, workflow.status),
        ]),
        node(
          'div',
          { class: 'muted' },
          [
            workflow.infra,
            `${workflow.completed_steps}/${workflow.total_steps} steps`,
            ago(workflow.created_at),
          ]
            .filter(Boolean)
            .join(' · '),
        ),
      );
      return node('li', {}, [link]);
    });
  list.replaceChildren(
    ...(items.length === 0 ? [node('li', { class: 'empty' }, 'No workflows yet')] : items),
  );
}

/** Lists change often while work runs; one request a second is enough. */
function refreshSoon() {
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    void loadList().catch(() => undefined);
  }, 1000);
}

async function choose() {
  const id = location.hash.slice(1);
  document.body.classList.toggle('watching', id !== '');
  drawList();
  shown = undefined;
  if (id === '') {
    detail.replaceChildren(node('p', { class: 'empty' }, 'Choose a workflow to watch it.'));
    return;
  }
  try {
    const [{ data }, text] = await Promise.all([get(`/workflows/${encodeURIComponent(id)}`), logs(id)]);
    if (location.hash.slice(1) !== id) return;
    shown = new Detail(data, text);
    detail.replaceChildren(shown.element);
    document.title = `${data.name} · Provisioning`;
  } catch (error) {
    detail.replaceChildren(node('p', { class: 'error' }, error.message));
  }
}

function onEvent(event) {
  const id = event.metadata.workflow_id;
  if (shown?.id === id) shown.apply(event);
  if (event.event_type === 'LogEntry') return;
  const known = workflows.get(id);
  if (known && event.event_type === 'WorkflowProgressUpdate') {
    Object.assign(known, { progress: event.data.progress, completed_steps: event.data.completed_steps });
    drawSoon();
  } else if (event.data.task_id === id || !known) refreshSoon();
}

let drawing = false;
function drawSoon() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawList();
  });
}

async function showHealth() {
  const pill = document.getElementById('health');
  try {
    const { status: value, version } = await health();
    pill.textContent = value;
    pill.title = `orchestrator ${version}`;
    pill.className = `pill ${value === 'healthy' ? 'Completed' : value === 'degraded' ? 'Cancelled' : 'Failed'}`;
  } catch {
    pill.textContent = 'unreachable';
    pill.className = 'pill Failed';
  }
}

document.getElementById('filters').addEventListener('click', ({ target }) => {
  if (target.dataset.status === undefined) return;
  status = target.dataset.status;
  for (const button of target.parentElement.children)
    button.setAttribute('aria-pressed', String(button === target));
  void loadList();
});
more.addEventListener('click', () => void loadList(true));
addEventListener('hashchange', () => void choose());
setInterval(showHealth, 10_000);
let wasOffline = false;
events(onEvent, (state) => {
  document.getElementById('connection').textContent = state === 'offline' ? 'reconnecting…' : 'live';
  if ((state === 'live' && wasOffline) || state === 'gap') {
    void loadList().catch(() => undefined);
    void choose();
    void showHealth();
  }
  wasOffline = state === 'offline';
});
void showHealth();
await loadList().catch(() => undefined);
await choose();
