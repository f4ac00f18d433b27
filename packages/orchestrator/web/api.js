/** What the page asks of the orchestrator: lists and records over HTTP, changes over one WebSocket. */

export async function get(path) {
  const response = await fetch(`api/v1${path}`, { headers: { accept: 'application/json' } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error?.message ?? `HTTP ${response.status}`);
  return { data: body.data, total: Number(response.headers.get('x-total-count') ?? 0) };
}

export async function health() {
  const response = await fetch('health');
  return response.json();
}

export async function logs(id) {
  const response = await fetch(`api/v1/workflows/${id}/logs?tail=500`);
  return response.ok ? response.text() : '';
}

/**
 * Events of all workflows for as long as the page lives. After a break it asks for what it has missed.
 * @param onState told `live` or `offline`
 */
export function events(onEvent, onState) {
  let last;
  let wait = 500;
  const connect = () => {
    const url = new URL('ws', document.baseURI);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('events', 'task,workflow,log');
    url.searchParams.set('batch_size', '100');
    if (last !== undefined) url.searchParams.set('last_event_id', last);
    const socket = new WebSocket(url, 'provisioning.v1');
    socket.onopen = () => {
      wait = 500;
      onState('live');
    };
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === 'error' && frame.code === 'REPLAY_GAP') onState('gap');
      for (const event of frame.type === 'batch' ? frame.events : frame.event_type ? [frame] : []) {
        if (event.id !== undefined) last = event.id;
        onEvent(event);
      }
    };
    socket.onclose = () => {
      onState('offline');
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 10_000);
    };
  };
  connect();
}
