import { join } from 'node:path';
import { BullDispatcher } from '../dispatch/bullmq/dispatcher.ts';
import { PostgresStore } from '../journal/postgres/store.ts';
import { Orchestrator } from '../service/orchestrator.ts';
import { FileProvider } from '../testing/file-provider.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';

/**
 * An orchestrator with workers elsewhere, for tests to kill: `<folder> <postgres url> <redis url> <lease> <name>`. On its
 * first start it submits one workflow of 20 operations under the name; it prints `accepted` and `finished`.
 */
const [, , folder = '.', url = '', redisUrl = '', lease = '30', name = 'crash'] = process.argv;
const store = new PostgresStore({ url });
const orchestrator: Orchestrator = new Orchestrator({
  store,
  executor: new FileProvider(join(folder, 'effects')),
  dispatcher: new BullDispatcher({
    redisUrl,
    store,
    journal: () => orchestrator.journal,
    leaseSeconds: Number(lease),
  }),
  logsFolder: join(folder, 'logs'),
  journal: { retryInterval: 500 },
  runtime: {
    scheduler: {
      strategy: 'dependency_first',
      maxConcurrent: 50,
      maxCpuCores: 0,
      enablePreemption: false,
      providerLimits: {},
    },
  },
});
await orchestrator.open();
const { records } = await orchestrator.workflows.list({}, { limit: 1, offset: 0, descending: true });
const edges = Object.fromEntries(
  Array.from({ length: 20 }, (_, index) => [`op-${index}`, index < 5 ? [] : [`op-${index - 5}`]]),
);
const known = records[0]?.name === name ? records[0].id : undefined;
const id = known ?? (await orchestrator.workflows.submit(fileWorkflow(edges, { name, parallel_limit: 10 })));
process.stdout.write(`accepted ${id}\n`);
while (orchestrator.runtime.live(id)) await new Promise((resolve) => setTimeout(resolve, 5));
const { status } = await orchestrator.workflows.get(id);
process.stdout.write(`finished ${status}\n`);
process.exit(0);
