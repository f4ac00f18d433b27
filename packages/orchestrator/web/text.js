/** An element with attributes and children; text is never read as HTML. */
export function node(name, attributes = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (typeof children === 'string') element.textContent = children;
  else element.append(...children);
  return element;
}

export function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(time).toLocaleDateString();
}

export function duration(from, to) {
  const seconds = Math.max(0, ((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export const marks = {
  Pending: '·',
  Running: '●',
  Completed: '✓',
  Failed: '✗',
  Cancelled: '–',
  'Rolled back': '↺',
};

const phases = {
  rolling_back: 'Rolling back',
  rolled_back: 'Rolled back',
  rollback_failed: 'Rollback failed',
  paused: 'Paused',
  cancelling: 'Cancelling',
};

/** How a workflow or a step is, in a word or two: its status, or what happens to it beyond that. */
export function stateOf({ status, phase }) {
  return phases[phase] ?? status;
}
