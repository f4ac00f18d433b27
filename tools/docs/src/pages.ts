import { apiReference } from './api-reference.ts';
import { cliReference } from './cli-reference.ts';
import { clientOperations } from './client-operations.ts';
import { configurationReference } from './configuration-reference.ts';

/** Generated pages by their path from `docs/`, and the client's list of operations. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    'reference/cli.md': await cliReference(),
    'reference/configuration.md': configurationReference(),
    'reference/api.md': apiReference(),
    '../packages/client/src/operations.ts': clientOperations(),
  };
}
