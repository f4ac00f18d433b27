/** Servers, then Kubernetes, then its network: `node pipeline.ts [infra]`. */
import { ProvisioningClient } from '@provisioning/client';
import { PipelineError, WorkflowPipeline } from '@provisioning/client/patterns';

const infra = process.argv[2] ?? 'production';
const pollInterval = Number(process.env['POLL_INTERVAL'] ?? 5000);
await using client = new ProvisioningClient();
const install = (taskserv: string) => () => client.createTaskservWorkflow({ infra, taskserv });
const pipeline = new WorkflowPipeline(client, { pollInterval })
  .addStep('servers', () => client.createServerWorkflow({ infra }))
  .addStep('kubernetes', install('kubernetes'), ['servers'])
  .addStep('cilium', install('cilium'), ['kubernetes']);
try {
  await pipeline.execute({ onStep: ({ name, status }) => console.log(`${name}: ${status}`) });
} catch (error) {
  if (!(error instanceof PipelineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
