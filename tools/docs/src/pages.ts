import { apiReference } from './api-reference.ts';
import { cliReference } from './cli-reference.ts';
import { clientOperations } from './client-operations.ts';
import { configurationReference } from './configuration-reference.ts';
import { justFiles } from './just.ts';
import { outputs } from './outputs.ts';
import { quickReference } from './quick-reference.ts';
import { shortcuts } from './shortcuts.ts';
import { troubleshootingPage } from './troubleshooting-page.ts';

/** Generated pages by their path from `docs/`, and the client's list of operations. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    'reference/cli.md': await cliReference(),
    'reference/configuration.md': configurationReference(),
    'reference/api.md': apiReference(),
    'reference/outputs.md': outputs(),
    'reference/shortcuts.md': await shortcuts(),
    ...(await quickReference()),
    ...(await justFiles()),
    'troubleshooting/README.md': troubleshootingPage(),
    '../packages/client/src/operations.ts': clientOperations(),
  };
}
