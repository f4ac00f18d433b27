import { join } from 'node:path';
import { planDefaults } from '../engine/plan.ts';
import { PostgresStore } from '../journal/postgres/store.ts';
import { FileProvider } from '../testing/file-provider.ts';
import { OperationWorker } from './worker.ts';

/** A worker process for tests to kill: `<folder> <postgres url> <redis url> <pace> <lease>`. */
const [, , folder = '.', postgresUrl = '', redisUrl = '', pace = '2', lease = '30'] = process.argv;
const store = new PostgresStore({ url: postgresUrl, exclusive: false });
await store.open();
const worker = new OperationWorker({
  redisUrl,
  store,
  executor: new FileProvider(join(folder, 'effects'), Number(pace)),
  concurrency: 10,
  grace: 1000,
  leaseSeconds: Number(lease),
  defaults: planDefaults,
});
await worker.start();
process.stdout.write('ready\n');
process.on('SIGTERM', () => void worker.close(0).then(() => process.exit(0)));
