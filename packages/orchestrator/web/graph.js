import { stateOf } from './text.js';

/** The graph of a workflow as SVG: columns are depths, edges lead from an operation to those that wait for it. */

const namespace = 'http://www.w3.org/2000/svg';
const box = { width: 168, height: 40, gapX: 44, gapY: 14 };
/** Larger graphs are listed only: thousands of boxes show nothing. */
export const largestGraph = 200;

/** @param operations records with `id`, `name` and `dependencies` */
export function drawGraph(operations) {
  const places = layout(operations);
  const columns = Math.max(...[...places.values()].map(({ column }) => column)) + 1;
  const rows = Math.max(...[...places.values()].map(({ row }) => row)) + 1;
  const width = columns * box.width + (columns - 1) * box.gapX + 4;
  const height = rows * (box.height + box.gapY) + 4;
  const svg = element('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img' });
  // As wide as there is room for, but never too small to read.
  svg.style.width = `clamp(${Math.round(width * 0.85)}px, 100%, ${width}px)`;
  svg.style.height = 'auto';
  svg.append(titled(`${operations.length} operations and their dependencies`));
  for (const operation of operations) {
    for (const { id, kind } of operation.dependencies) {
      const from = places.get(id);
      const to = places.get(operation.id);
      if (from && to) svg.append(edge(from, to, kind));
    }
  }
  const nodes = new Map();
  for (const operation of operations) {
    const { x, y } = places.get(operation.id);
    const group = element('g', { transform: `translate(${x} ${y})` });
    const fill = element('rect', { class: 'fill', width: 0, height: box.height, rx: 7 });
    const label = element('text', { x: 10, y: 25 });
    label.textContent = shorten(operation.name || operation.id, 23);
    const title = titled(operation.name);
    group.append(title, element('rect', { width: box.width, height: box.height, rx: 7 }), fill, label);
    svg.append(group);
    nodes.set(operation.id, { group, fill, title });
  }
  return {
    svg,
    update(operation) {
      const node = nodes.get(operation.id);
      if (!node) return;
      const state = stateOf(operation);
      node.group.setAttribute('class', `${operation.status}${state === 'Rolled back' ? ' undone' : ''}`);
      const share =
        operation.status === 'Pending' ? 0 : operation.status === 'Running' ? operation.progress / 100 : 1;
      node.fill.setAttribute('width', String(Math.round(box.width * share)));
      node.title.textContent = `${operation.name}: ${state}${operation.error ? `: ${operation.error}` : ''}`;
    },
  };
}

function layout(operations) {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const depths = new Map();
  const depth = (id) => {
    if (depths.has(id)) return depths.get(id);
    depths.set(id, 0);
    const before = byId.get(id).dependencies.filter((item) => byId.has(item.id));
    const value = before.length === 0 ? 0 : 1 + Math.max(...before.map((item) => depth(item.id)));
    depths.set(id, value);
    return value;
  };
  const rows = new Map();
  const places = new Map();
  for (const { id } of operations) {
    const column = depth(id);
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    const x = 2 + column * (box.width + box.gapX);
    places.set(id, { column, row, x, y: 2 + row * (box.height + box.gapY) });
  }
  return places;
}

function edge(from, to, kind) {
  const x1 = from.x + box.width;
  const y1 = from.y + box.height / 2;
  const y2 = to.y + box.height / 2;
  const middle = (x1 + to.x) / 2;
  const d = `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${to.x} ${y2}`;
  return element('path', { d, class: kind });
}

function element(name, attributes) {
  const node = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

function titled(text) {
  const title = document.createElementNS(namespace, 'title');
  title.textContent = text;
  return title;
}

function shorten(text, length) {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
