import { join } from 'node:path';
import { EmbeddedDispatcher } from '../dispatch/embedded.ts';
import type { Execution } from '../execution/executor.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import { Orchestrator } from '../service/orchestrator.ts';
import { FileProvider } from '../testing/file-provider.ts';

/**
 * A process for tests to kill: runs an orchestrator in the folder of its first argument, submits one workflow of 20
 * operations on its first start, prints `accepted`, `begun` with the first operation, and `finished`.
 */
const [, , folder = '.', pace = '2'] = process.argv;

class Telling extends FileProvider {
  override run(execution: Execution): Promise<unknown> {
    process.stdout.write('begun\n');
    return super.run(execution);
  }
}
const executor = new Telling(join(folder, 'effects'), Number(pace));
const orchestrator = new Orchestrator({
  store: new SqliteStore(join(folder, 'orchestrator.db')),
  executor,
  dispatcher: new EmbeddedDispatcher(executor, { grace: 1000 }),
  logsFolder: join(folder, 'logs'),
});
await orchestrator.open();
const { records } = await orchestrator.workflows.list({}, { limit: 1, offset: 0, descending: true });
const id =
  records[0]?.id ??
  (await orchestrator.workflows.submit({
    name: 'crash',
    version: '1.0.0',
    parallel_limit: 5,
    operations: Array.from({ length: 20 }, (_, index) => ({
      id: `op-${index}`,
      type: 'file.create',
      dependencies: index < 5 ? [] : [`op-${index - 5}`],
    })),
  }));
process.stdout.write('accepted\n');
while (orchestrator.runtime.live(id)) await new Promise((resolve) => setTimeout(resolve, 2));
process.stdout.write('finished\n');
await orchestrator.close();
