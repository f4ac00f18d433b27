/** Creates the servers of an infrastructure and waits for them: `node quickstart.ts [infra]`. */
import { ProvisioningClient } from '@provisioning/client';

const infra = process.argv[2] ?? 'production';
// Address and credentials come from PROVISIONING_API_URL, PROVISIONING_USERNAME and PROVISIONING_PASSWORD.
await using client = new ProvisioningClient();
const taskId = await client.createServerWorkflow({ infra });
console.log(`Task: ${taskId}`);
const task = await client.waitForTaskCompletion(taskId, { pollInterval: 1000 });
console.log(task.status);
if (task.status === 'Completed') console.log(task.output ?? '');
else {
  console.error(task.error);
  process.exitCode = 1;
}
