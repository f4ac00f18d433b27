import { SurrealStore } from '../../../../../packages/orchestrator/src/journal/surrealdb/store.ts';
import type { CaseResult } from '../../suite.ts';
import { check } from './contract.ts';
import { usePackagesOf } from './packages.ts';

/**
 * `contract|reopen <packages> <folder>`: the contract on an embedded SurrealDB, and whether a later process finds what the
 * first one left; results as JSON.
 */
const [, , word = '', packages = '', folder = ''] = process.argv;
usePackagesOf(packages);
const place = {
  url: `surrealkv://${folder}?sync=every`,
  namespace: 'orchestrator',
  database: 'tasks',
};
const make = () => new SurrealStore({ type: 'surrealdb-embedded', place });
const left = { kind: 'left', id: 'behind', data: '"☃"' };

async function afterwards(): Promise<CaseResult[]> {
  const name = 'surrealdb-embedded: a later process finds what was left';
  const store = make();
  await store.open();
  const found = await store.record(left.kind, left.id);
  if (found === left.data) return [{ name, status: 'passed' }];
  return [{ name, status: 'failed', reason: `found ${found}` }];
}

let results: CaseResult[];
if (word === 'contract') {
  results = await check('surrealdb-embedded', make);
  const store = make();
  await store.open();
  await store.append({ workflows: [], entries: [], records: [left] });
} else results = await afterwards();
process.stdout.write(JSON.stringify(results), () => process.exit(0));
