import { storeContract } from '../../../../../packages/orchestrator/src/journal/contract.fixture.ts';
import type { Store } from '../../../../../packages/orchestrator/src/journal/store.ts';
import type { CaseResult } from '../../suite.ts';

/** Runs the contract; its cases build on each other, so the first failure ends it. */
export async function check(kind: string, make: () => Store): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  let store: Store | undefined;
  const open = async () => {
    await store?.close();
    store = make();
    await store.open();
    return store;
  };
  let name = `${kind}: opens`;
  try {
    await open();
    for (const contract of storeContract) {
      name = `${kind}: ${contract.name}`;
      await contract.run(store!, open);
      results.push({ name, status: 'passed' });
    }
    return results;
  } catch (error) {
    return [...results, { name, status: 'failed', reason: (error as Error).message }];
  } finally {
    await store?.close().catch(() => undefined);
  }
}
