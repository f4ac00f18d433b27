/** A workflow that grows by rules of its own: after the servers, redis on each of them: `node event-driven.ts [infra]`. */
import { ProvisioningClient } from '@provisioning/client';
import { EventDrivenWorkflowManager } from '@provisioning/client/patterns';

const infra = process.argv[2] ?? 'production';
await using client = new ProvisioningClient();
const manager = new EventDrivenWorkflowManager(client, {
  nextSteps: (_workflow, task) =>
    task.type === 'server_creation' ? [{ type: 'cache_setup', taskserv: 'redis' }] : [],
});
manager
  .on('workflowProgress', ({ progress }) => console.log(`${progress}%`))
  .on('workflowFailed', ({ error }) => console.error(error));
const completed = manager.once('workflowCompleted');
await manager.createWorkflow({ infra });
const { status } = await completed;
console.log(status);
manager.dispose();
if (status !== 'completed') process.exitCode = 1;
