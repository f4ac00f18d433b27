import { planDefaults } from '../../../../packages/orchestrator/src/engine/plan.ts';
import { PostgresStore } from '../../../../packages/orchestrator/src/journal/postgres/store.ts';
import { OperationWorker } from '../../../../packages/orchestrator/src/worker/worker.ts';
import { doNothing } from './ours.ts';

/** A worker process: `<postgres url> <redis url>`. */
const [, , url = '', redisUrl = ''] = process.argv;
const store = new PostgresStore({ url, exclusive: false });
await store.open();
const worker = new OperationWorker({
  redisUrl,
  store,
  executor: doNothing,
  concurrency: 200,
  grace: 1000,
  defaults: planDefaults,
});
await worker.start();
process.stdout.write('ready\n');
