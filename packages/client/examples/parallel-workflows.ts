/** Ten workflows at once, their tasks read in one go until all have ended: `node parallel-workflows.ts`. */
import { finalStatuses } from '@provisioning/client';
import { OptimizedProvisioningClient } from '@provisioning/client/node';

await using client = new OptimizedProvisioningClient();
const submissions = await Promise.all(
  Array.from({ length: 10 }, (_, index) =>
    client.submitWorkflow({
      name: `parallel ${index}`,
      version: '1.0.0',
      operations: [{ id: 'say', type: 'command', config: { command: 'echo', args: [String(index)] } }],
    }),
  ),
);
const ids = submissions.map(({ taskId }) => taskId);
for (;;) {
  // Finished tasks come from the cache; only the others are asked for again.
  const { statuses, errors } = await client.batchGetTaskStatus(ids);
  for (const [id, error] of Object.entries(errors)) console.error(`${id}: ${error.message}`);
  const ended = Object.values(statuses).filter(({ status }) => finalStatuses.has(status));
  console.log(`${ended.length} of ${ids.length}`);
  if (ended.length + Object.keys(errors).length === ids.length) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
