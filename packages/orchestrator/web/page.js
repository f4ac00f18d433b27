import { events, get, health, logs } from './api.js';
import { Detail } from './detail.js';
import { ago, node, stateOf } from './text.js';

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

/** Items stay the same elements while the list changes, so that the keyboard's place in it is kept. */
const items = new Map();
const none = node('li', { class: 'empty' }, 'No workflows yet');

function drawList() {
  const sorted = [...workflows.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  for (const id of items.keys()) if (!workflows.has(id)) items.delete(id);
  const wanted = sorted.length === 0 ? [none] : sorted.map(drawItem);
  const isThere =
    wanted.length === list.childElementCount && wanted.every((item, at) => item === list.children[at]);
  if (isThere) return;
  const { activeElement } = document;
  list.replaceChildren(...wanted);
  if (list.contains(activeElement)) activeElement.focus({ preventScroll: true });
}

function drawItem(workflow) {
  const { id, name, infra, completed_steps, total_steps, created_at } = workflow;
  let item = items.get(id);
  if (!item) items.set(id, (item = node('li', {}, [node('a', { href: `#${id}` })])));
  const link = item.firstElementChild;
  const state = stateOf(workflow);
  if (id === location.hash.slice(1)) link.setAttribute('aria-current', 'true');
  else link.removeAttribute('aria-current');
  const facts = [infra, `${completed_steps}/${total_steps} steps`, ago(created_at)]
    .filter(Boolean)
    .join(' · ');
  const drawn = `${state} ${facts}`;
  if (item.drawn === drawn) return item;
  item.drawn = drawn;
  link.replaceChildren(
    node('div', { class: 'row' }, [
      node('span', { class: 'name' }, name),
      node('span', { class: `pill ${workflow.status}` }, state),
    ]),
    node('div', { class: 'muted' }, facts),
  );
  return item;
}

/** Lists change often while work runs; one request a second is enough. */
function refreshSoon() {
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    void loadList().catch(() => undefined);
  }, 1000);
}

/** @param byHand somebody has just chosen it: reading goes on there */
async function choose(byHand = false) {
  const id = location.hash.slice(1);
  document.body.classList.toggle('watching', id !== '');
  drawList();
  shown = undefined;
  if (id === '') {
    detail.replaceChildren(node('p', { class: 'empty' }, 'Choose a workflow to watch it.'));
    document.title = 'Workflows · Provisioning';
    return;
  }
  try {
    const [{ data }, text] = await Promise.all([get(`/workflows/${encodeURIComponent(id)}`), logs(id)]);
    if (location.hash.slice(1) !== id) return;
    shown = new Detail(data, text, (news) => (document.getElementById('news').textContent = news));
    detail.replaceChildren(node('a', { href: '#', class: 'back' }, '← All workflows'), shown.element);
    if (byHand) shown.focus();
    document.title = `${data.name} · Provisioning`;
  } catch (error) {
    detail.replaceChildren(
      node('a', { href: '#', class: 'back' }, '← All workflows'),
      node('p', { class: 'error' }, error.message),
    );
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
addEventListener('hashchange', () => void choose(true));
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
