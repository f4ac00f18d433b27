/** Submits operations as one batch and follows it to its end: `node batch-deployment.ts`. */
import { type BatchConfig, ProvisioningClient } from '@provisioning/client';

const interval = Number(process.env['POLL_INTERVAL'] ?? 10_000);
const batch: BatchConfig = {
  name: 'deployment',
  version: '1.0.0',
  parallel_limit: 3,
  operations: [
    // Fields of an operation stand flat …
    { id: 'prepare', type: 'command', command: 'echo', args: ['prepared'] },
    // … or below config.
    {
      id: 'deploy',
      type: 'command',
      dependencies: ['prepare'],
      config: { command: 'echo', args: ['deployed'] },
    },
  ],
};
await using client = new ProvisioningClient();
const { batch_id: id, operations } = await client.executeBatchOperation(batch);
console.log(`Batch ${id}: ${operations.length} operations`);
const { status } = await client.waitForBatchCompletion(id, {
  interval,
  onUpdate: ({ progress = 0 }) => console.log(`${progress}%`),
});
console.log(status);
if (status !== 'Completed') process.exitCode = 1;
