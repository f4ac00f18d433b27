import { homedir } from 'node:os';
import { join } from 'node:path';
import { cleanEverything } from '@provisioning/provider-local/engine';
import type { Cli } from './cli.ts';
import type { Phases } from './phases.ts';

/** Takes back what the quickstart made: servers, orchestrator, workspace, images, the private engine service. */
export async function clean(cli: Cli, workspace: string, phases: Phases): Promise<void> {
  const path = await cli.workspacePath(workspace);
  if (path !== undefined) {
    await phases.run('Servers', () => cli.run(['destroy', '--workspace', workspace, '--yes', '--direct']));
  }
  await phases.run('Orchestrator', () => cli.run(['orchestrator', 'stop']));
  if (path !== undefined) {
    await phases.run('Workspace', () =>
      cli.run(['workspace', 'delete', workspace, '--force', '--no-backup', '--yes']),
    );
  }
  await phases.run('Images and engine service', () =>
    cleanEverything({
      variables: process.env as Record<string, string>,
      workspace: { name: workspace, path: path ?? join(homedir(), 'workspaces', workspace) },
      onProgress: (message) => process.stdout.write(`${message}\n`),
    }),
  );
}
