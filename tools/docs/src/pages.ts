import { apiReference } from './api-reference.ts';
import { cliReference } from './cli-reference.ts';
import { configurationReference } from './configuration-reference.ts';

/** Generated pages below `docs/`, by path. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    'reference/cli.md': await cliReference(),
    'reference/configuration.md': configurationReference(),
    'reference/api.md': apiReference(),
  };
}
