import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initWorkspace, processSurroundings, type Surroundings } from '@provisioning/core';
import { createLogger } from '@provisioning/service-kit';
import { CommandExecutor } from '../execution/command-executor.ts';
import { Executors } from '../execution/executors.ts';
import { FileProvider } from './file-provider.ts';
import { startTestService, type TestService } from './service.fixture.ts';
import type { Settings } from '../settings/settings.ts';
import type { ServiceOptions } from '../program/start.ts';

const definition = `
[[servers]]
hostname = "web-01"
provider = "local"
plan = "small"
taskservs = [{ name = "redis" }, { name = "nginx" }]

[[servers]]
hostname = "db-01"
provider = "local"
plan = "2xCPU-4GB"
`;

/**
 * A service with a user of its own who has the active workspace `shop` with the infrastructures `production` and
 * `staging`. Operations on resources are effects in a file, commands run.
 */
export async function startWorkspaceService(
  change: (settings: Settings) => void = () => undefined,
  options: Partial<ServiceOptions> = {},
): Promise<TestService & { readonly surroundings: Surroundings }> {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-workspace-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const surroundings: Surroundings = {
    ...processSurroundings(folder),
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
    cwd: home,
    home,
  };
  const { path } = await initWorkspace({
    surroundings,
    version: '0.1.0',
    target: 'shop',
    infra: 'production',
    activate: true,
  });
  for (const infra of ['production', 'staging']) {
    rmSync(join(path, 'infra', infra), { recursive: true, force: true });
    mkdirSync(join(path, 'infra', infra), { recursive: true });
    writeFileSync(join(path, 'infra', infra, 'settings.toml'), definition);
  }
  const effects = join(folder, 'effects');
  const executor = new Executors([
    new FileProvider(effects, 2, ['file.', 'server.', 'taskserv.', 'cluster.']),
    new CommandExecutor({
      allowed: true,
      grace: 500,
      endpoint: () => 'http://127.0.0.1',
      environment: surroundings.env,
    }),
  ]);
  const service = await startTestService(change, {
    folder,
    surroundings,
    executor,
    logger: createLogger('orchestrator', { level: 'fatal' }),
    ...options,
  });
  return {
    ...service,
    surroundings,
    async end() {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
