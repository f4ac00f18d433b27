import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** The package as npm installs it, and as the platform line has it beside the core (11 §5 "Layout"). */
const places = [
  join('node_modules', '@provisioning', 'orchestrator', 'dist', 'main.js'),
  join('platform', 'node_modules', '@provisioning', 'orchestrator', 'dist', 'main.js'),
];

/**
 * The orchestrator's program: the package beside this one (`node_modules/@provisioning/orchestrator` up the tree), or
 * the path in `PROVISIONING_ORCHESTRATOR_PROGRAM`. It is started as a process of its own, never imported.
 * @throws ProvisioningError `TOOL_NOT_FOUND`.
 */
export function findOrchestratorProgram(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment['PROVISIONING_ORCHESTRATOR_PROGRAM'];
  if (given !== undefined && existsSync(given)) return given;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const found = places.map((place) => join(folder, place)).find((file) => existsSync(file));
    if (found !== undefined) return found;
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  throw new ProvisioningError({
    code: 'TOOL_NOT_FOUND',
    message: 'Required tool not found: provisioning-orchestrator',
    hint: 'Install it: provisioning install platform, or npm install --global @provisioning/orchestrator (in a source checkout: npm run dev-build)',
  });
}
