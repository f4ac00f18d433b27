/**
 * A live page: tasks, batches, progress, health and log. The server's address is `?api=`, or where the page comes from.
 * A token belongs into a login form or a backend, never into the bundle.
 */
import {
  type BatchOperationUpdate,
  type LogEntry,
  ProvisioningClient,
  type SystemHealthUpdate,
  type TaskStatusChanged,
  type WorkflowProgressUpdate,
} from '@provisioning/client';

const rows = 1000;
const baseUrl = new URLSearchParams(location.search).get('api') ?? location.origin;
const client = new ProvisioningClient({ baseUrl, authUrl: baseUrl });

const panel = (id: string): HTMLElement => document.getElementById(id)!;

/** One line for each key, the newest first; text is only ever text. */
function show(list: string, key: string | undefined, text: string): void {
  const parent = panel(list);
  const known =
    key === undefined ? null : parent.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  const line = known ?? document.createElement('li');
  line.textContent = text;
  if (key !== undefined) line.dataset['key'] = key;
  if (!known) parent.prepend(line);
  while (parent.childElementCount > rows) parent.lastElementChild!.remove();
}

const connection = (state: string): void => void (panel('connection').textContent = state);
client
  .on('websocketConnected', () => connection('live'))
  .on('websocketDisconnected', () => connection('offline'))
  .on('websocketReconnecting', ({ attempt, max }) => connection(`reconnecting ${attempt}/${max}`))
  .on('taskStatusChanged', (data) => {
    const { task_id, name, status } = data as TaskStatusChanged;
    show('tasks', task_id, `${name}: ${status}`);
  })
  .on('batchUpdate', (data) => {
    const { batch_id, name, status, progress } = data as BatchOperationUpdate;
    show('batches', batch_id, `${name}: ${status} ${progress}%`);
  })
  .on('workflowProgress', (data) => {
    const { workflow_id, name, progress, current_step } = data as WorkflowProgressUpdate;
    show('progress', workflow_id, `${name}: ${progress}% ${current_step ?? ''}`);
  })
  .on('systemHealthUpdate', (data) => {
    const { overall_status, metrics } = data as SystemHealthUpdate;
    panel('health').textContent = `${overall_status}, ${metrics['memory_usage'] ?? 0} MB`;
  })
  .on('logEntry', (data) => {
    const { level, component, message } = data as LogEntry;
    show('log', undefined, `${level} ${component} ${message}`);
  });

for (const task of (await client.listTasks({ limit: 50 })).toReversed()) {
  show('tasks', task.id, `${task.name}: ${task.status}`);
}
await client.connectWebSocket(['task', 'batch', 'workflow', 'system', 'log'], { retryInitial: true });
