import { rm, rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { processSurroundings, userDirectories } from '@provisioning/core';
import { cleanEverything } from '@provisioning/provider-local/engine';
import type { Cli } from './cli.ts';
import type { Phases } from './phases.ts';

/**
 * Takes back what the quickstart made: servers, orchestrator, workspace, images, the private engine service. Other
 * workspaces and what belongs to them stay.
 */
export async function clean(cli: Cli, workspace: string, phases: Phases): Promise<void> {
  const path = await cli.workspacePath(workspace);
  if (path !== undefined) {
    await phases.run('Servers', () => cli.run(['destroy', '--workspace', workspace, '--yes', '--direct']));
    await phases.run('Workspace', async () => {
      await cli.run(['workspace', 'remove', workspace, '--force']);
      await rm(path, { recursive: true, force: true });
      await rmdir(dirname(path)).catch(() => undefined);
      process.stdout.write(`Removed ${path}\n`);
    });
  }
  const others = (await cli.json<unknown[]>(['workspace', 'list'])) ?? [];
  if (others.length === 0) {
    await phases.run('Orchestrator', async () => {
      await cli.run(['orchestrator', 'stop']);
      await removeUserFiles();
    });
  }
  await phases.run('Images and engine service', () =>
    cleanEverything({
      variables: process.env as Record<string, string>,
      workspace: { name: workspace, path: path ?? join(homedir(), 'workspaces', workspace) },
      onProgress: (message) => process.stdout.write(`${message}\n`),
    }),
  );
}

/** The registry of workspaces and the orchestrator's data, when no workspace is left; caches stay. */
async function removeUserFiles(): Promise<void> {
  const { config, data } = userDirectories(processSurroundings(import.meta.dirname));
  await rm(join(config, 'user_config.yaml'), { force: true });
  await rm(join(data, 'orchestrator'), { recursive: true, force: true });
  for (const folder of [config, data]) await rmdir(folder).catch(() => undefined);
}
