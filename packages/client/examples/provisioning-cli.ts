/** A small command line over the client: `node provisioning-cli.ts create-server|list-tasks|monitor …`. */
import { parseArgs, styleText } from 'node:util';
import {
  ProvisioningClient,
  type TaskStatus,
  type TaskStatusChanged,
  type WorkflowProgressUpdate,
} from '@provisioning/client';

const version = '1.0.0';
const usage = `provisioning-cli ${version}
  create-server -i|--infra X [-s|--settings F] [-c|--check] [-w|--wait]
  list-tasks [-s|--status S]
  monitor`;
const colours: Readonly<Partial<Record<TaskStatus, 'green' | 'red' | 'yellow'>>> = {
  Completed: 'green',
  Failed: 'red',
  Running: 'yellow',
};

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      infra: { type: 'string', short: 'i' },
      settings: { type: 'string' },
      status: { type: 'string' },
      s: { type: 'string', short: 's' },
      check: { type: 'boolean', short: 'c' },
      wait: { type: 'boolean', short: 'w' },
      version: { type: 'boolean' },
    },
  });
  await using client = new ProvisioningClient();
  const [command] = positionals;
  if (values.version) console.log(version);
  else if (command === 'create-server') {
    await createServer(client, { ...values, settings: values.settings ?? values.s });
  } else if (command === 'list-tasks') await listTasks(client, values.status ?? values.s);
  else if (command === 'monitor') await monitor(client);
  else throw new Error(usage);
} catch (error) {
  console.error(`Error: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function createServer(
  client: ProvisioningClient,
  { infra, settings, check, wait }: { infra?: string; settings?: string; check?: boolean; wait?: boolean },
): Promise<void> {
  if (infra === undefined) throw new Error('create-server needs --infra');
  if (process.env['PROVISIONING_USERNAME'] !== undefined) {
    console.error('Authenticating...');
    await client.authenticate();
  }
  console.error('Creating server workflow...');
  const id = await client.createServerWorkflow({
    infra,
    ...(settings === undefined ? {} : { settings }),
    check_mode: check ?? false,
  });
  console.log(`Server workflow created: ${id}`);
  if (!wait) return;
  console.error('Waiting for completion...');
  await client.connectWebSocket(['TaskStatusChanged', 'WorkflowProgressUpdate']).catch(() => undefined);
  client.on('workflowProgress', (data) => {
    const { workflow_id, progress, current_step } = data as WorkflowProgressUpdate;
    if (workflow_id === id) console.error(`${progress}% - ${current_step ?? ''}`);
  });
  const task = await client.waitForTaskCompletion(id, {
    pollInterval: 1000,
    onProgress: ({ status }) => console.error(`Status: ${status}`),
  });
  if (task.status !== 'Completed') {
    console.error(`Workflow failed: ${task.error ?? task.status}`);
    process.exitCode = 1;
    return;
  }
  console.log('Workflow completed successfully!');
  if (task.output !== undefined) console.log(`Output: ${task.output}`);
}

async function listTasks(client: ProvisioningClient, status: string | undefined): Promise<void> {
  console.log('Tasks:');
  for await (const task of client.iterateTasks(status === undefined ? {} : { status })) {
    console.log(` ${task.id} - ${task.name} [${styleText(colours[task.status] ?? 'grey', task.status)}]`);
  }
}

async function monitor(client: ProvisioningClient): Promise<void> {
  await client.connectWebSocket(['TaskStatusChanged', 'WorkflowProgressUpdate']);
  console.log('Monitoring workflows...');
  console.log('Press Ctrl+C to stop');
  const time = () => new Date().toLocaleTimeString();
  client.on('taskStatusChanged', (data) => {
    const { task_id, status } = data as TaskStatusChanged;
    console.log(`[${time()}] Task ${task_id} → ${status}`);
  });
  client.on('workflowProgress', (data) => {
    const { workflow_id, progress, current_step } = data as WorkflowProgressUpdate;
    console.log(`[${time()}] ${workflow_id}: ${progress}% - ${current_step ?? ''}`);
  });
  await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()));
  console.log('Stopping monitor...');
}
