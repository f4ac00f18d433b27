import { join } from 'node:path';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { Cli } from '../../quickstart/cli.ts';
import { prove } from '../../quickstart/proof.ts';
import { Sandbox } from '../../../packages/core-cli/test/sandbox.ts';
import { installGlobally } from './install-check.ts';

export interface MainJob {
  readonly seconds: number;
  readonly servers: number;
  /** Servers after `destroy`. */
  readonly left: number;
}

/**
 * The quickstart's main job from an installation of the published packages: the orchestrator installed beside the command
 * line, three servers deployed and used, a second plan with nothing to do, everything destroyed.
 * @throws Error of the command that failed.
 */
export async function runMainJob(options: {
  readonly registry: string;
  readonly prefix: string;
  readonly say: (message: string) => void;
}): Promise<MainJob> {
  const { registry, prefix, say } = options;
  say('Installing the orchestrator beside it');
  await installGlobally(registry, prefix, '@provisioning/orchestrator');
  const sandbox = await Sandbox.forServers();
  const cli = new Cli(
    sandbox.environment,
    join(prefix, 'lib/node_modules/@provisioning/cli/bin/provisioning.js'),
  );
  const workspace = 'released';
  const path = join(sandbox.folder, 'workspaces', workspace);
  const started = performance.now();
  try {
    say('Running the main job from that installation');
    await cli.ensureWorkspace(workspace);
    await cli.run(['deploy', '--yes']);
    await prove(cli, workspace);
    // Exit code 2 would say that there is something to do.
    await cli.run(['plan', '--detailed-exitcode']);
    const servers = (await cli.json<unknown[]>(['server', 'list'])) ?? [];
    await cli.run(['destroy', '--yes']);
    const left = (await cli.json<unknown[]>(['server', 'list'])) ?? [];
    return { seconds: (performance.now() - started) / 1000, servers: servers.length, left: left.length };
  } finally {
    await cli.run(['destroy', '--yes', '--direct']).catch(() => undefined);
    await cli.run(['orchestrator', 'stop', '--force']).catch(() => undefined);
    await cleanEverything({
      variables: sandbox.environment,
      workspace: { name: workspace, path },
      images: false,
    });
    await sandbox.remove();
  }
}
