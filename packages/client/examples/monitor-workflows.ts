/** Prints what changes for an hour, or the seconds given: `node monitor-workflows.ts [seconds]`. */
import {
  ProvisioningClient,
  type TaskStatusChanged,
  type WorkflowProgressUpdate,
} from '@provisioning/client';

const seconds = Number(process.argv[2] ?? 3600);
await using client = new ProvisioningClient();
client
  .on('taskStatusChanged', (data) => {
    const { task_id, status } = data as TaskStatusChanged;
    console.log(`${task_id} ${status}`);
  })
  .on('workflowProgress', (data) => {
    const { name, progress, current_step } = data as WorkflowProgressUpdate;
    console.log(`${name} ${progress}% ${current_step ?? ''}`);
  })
  .on('websocketReconnecting', ({ attempt, max }) =>
    console.error(`Connection lost, attempt ${attempt}/${max}`),
  );
await client.connectWebSocket(['TaskStatusChanged', 'WorkflowProgressUpdate']);
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
