import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import { commandOutputs } from '@provisioning/client';
import { catalogue, run } from '../test/run.ts';
import { route } from './argv/route.ts';

/**
 * Commands that change files of a workspace or of the user, in an order in which each has something to do. `run` holds
 * what they print against the documented shapes.
 */
const lines = [
  'context create staging -ws shop:demo --environment dev',
  'context switch staging',
  'context delete staging --yes',
  'env set dev',
  'config set http.timeout 60',
  'config backup',
  'config reset http --yes',
  'config restore --backup latest --yes',
  'config platform orchestrator --set queue.max_concurrent_tasks=8',
  'init config --force',
  'schema export',
  'taskserv generate redis --output redis.toml',
  'generate server job-01 --plan 2xCPU-4GB',
  'generate infra --new staging',
  'generate extension taskserv my-api --category development --port 8080 --yes',
  'extension validate my-api',
  'extension build my-api',
  'module load taskserv shop redis',
  'module list taskserv shop',
  'module sync',
  'module unload taskserv shop redis --force --yes',
  'template create mine --from base-kubernetes',
  'template refresh',
  'pack provider local --output packs',
  'pack clean --keep-latest 1 --yes',
  'dep resolve --check',
  'workspace set-default-infra shop demo',
  'workspace get-default-infra shop',
  'workspace set-preference editor nano',
  'workspace get-preference editor',
  'workspace lock shop --operation test',
  'workspace unlock shop --yes',
  'workspace lock cleanup shop',
  'workspace backup shop',
  'workspace freeze --version v1',
  'workspace freeze show v1',
  'workspace freeze verify v1',
  'workspace freeze remove v1 --force --yes',
  'workspace init other --no-infra',
  'workspace activate other',
  'workspace activate shop',
  'workspace remove other --yes',
  'workspace register other workspaces/other',
  'workspace delete other --yes',
  'workspace cleanup --yes',
  'cleanup --older-than 30d --yes',
  'completion install fish',
  'provider refresh',
  'recipe run orch-tasks-failed --print',
  'deploy --check',
  'server create --check',
  'server delete web-01 --check',
  'taskserv create redis cache-01 --check',
  'cluster create web --check',
  'network create --check',
  'commands search by-tag destructive',
];

const home = mkdtempSync(join(tmpdir(), 'provisioning-outputs-'));
const environment = {
  HOME: home,
  SHELL: '/bin/bash',
  PATH: '',
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  ORCHESTRATOR_SERVER_PORT: '9',
  PROVISIONING_NONINTERACTIVE: '1',
};
const workspace = join(home, 'workspaces', 'shop');

beforeAll(async () => {
  mkdirSync(join(home, 'config', 'provisioning'), { recursive: true });
  writeFileSync(join(home, 'config', 'provisioning', 'config.toml'), '[orchestrator]\nauto_start = false\n');
  const made = 'workspace init shop --template demo --infra-name demo --activate'.split(' ');
  expect(await run(made, { environment, cwd: home })).toMatchObject({ code: 0 });
}, 60_000);
afterAll(async () => {
  await stopPrivateService({ variables: environment });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test('commands that change files keep their contract', async () => {
  const table = await catalogue();
  const wrong: unknown[] = [];
  for (const line of lines) {
    const words = [...line.split(' '), '--out', 'json'];
    const cwd = line.startsWith('workspace register') ? home : workspace;
    try {
      const { code, stdout, stderr } = await run(words, { environment, cwd });
      const documented = commandOutputs[route(table, words).words.join(' ')] !== undefined;
      if (code !== 0 || stdout === '' || !documented) wrong.push({ line, code, documented, stderr });
    } catch (error) {
      wrong.push({ line, error: String(error) });
    }
  }
  expect(wrong).toEqual([]);
}, 300_000);
