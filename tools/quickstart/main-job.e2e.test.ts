import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { Cli } from './cli.ts';
import { prove } from './proof.ts';
import { Sandbox } from '../../packages/core-cli/test/sandbox.ts';

/**
 * The main job through the real command line: three container servers, services on them, drift, a killed orchestrator.
 * The tests build on each other, as a user's day does.
 */
describe('the main job', () => {
  let sandbox: Sandbox;
  const workspace = 'main-job';

  interface PlanJson {
    readonly changes: readonly {
      readonly kind: string;
      readonly name: string;
      readonly action: string;
      readonly reasons?: string[];
      readonly drift?: boolean;
    }[];
  }
  const plan = async (): Promise<PlanJson['changes']> => (await sandbox.json<PlanJson>(['plan'])).changes;
  const todo = async () => (await plan()).filter(({ action }) => action !== 'unchanged');

  beforeAll(async () => {
    sandbox = await Sandbox.forServers();
    const made = await sandbox.run([
      'workspace',
      'init',
      workspace,
      '--template',
      'demo',
      '--infra-name',
      'demo',
      '--activate',
      '--yes',
    ]);
    expect(made).toMatchObject({ code: 0 });
  }, 120_000);

  afterAll(async () => {
    await sandbox.run(['destroy', '--yes', '--direct']);
    await sandbox.run(['orchestrator', 'stop', '--force']);
    await cleanEverything({
      variables: sandbox.environment,
      workspace: { name: workspace, path: `${sandbox.folder}/workspaces/${workspace}` },
      images: false,
    });
    await sandbox.remove();
  }, 120_000);

  test('a plan of a new workspace creates everything and changes nothing', async () => {
    const { code, stdout } = await sandbox.run(['plan', '--detailed-exitcode', '--out', 'json']);
    expect(code).toBe(2);
    const { changes } = JSON.parse(stdout) as PlanJson;
    expect(changes.filter(({ kind }) => kind === 'server').map(({ name, action }) => [name, action])).toEqual(
      [
        ['db-01', 'create'],
        ['cache-01', 'create'],
        ['web-01', 'create'],
      ],
    );
    expect(await sandbox.json<unknown[]>(['server', 'list'])).toEqual([]);
  }, 120_000);

  test('a killed orchestrator finishes the same workflow; no server is created twice, no step lost', async () => {
    const viewer = sandbox.run(['deploy', '--yes']);
    const pid = await killDuringDeploy();
    // The viewer notices, starts it again and goes on showing the same workflow to its end.
    const { code, stderr } = await viewer;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('the workflow is safe and goes on'),
    });
    expect(await isGone(pid)).toBe(true);
    const workflows = await sandbox.json<{ id: string; status: string }[]>(['workflow', 'list']);
    expect(workflows).toEqual([expect.objectContaining({ status: 'Completed' })]);
    expect((await sandbox.run(['workflow', 'status', workflows[0]!.id, '--follow'])).code).toBe(0);
    const servers = await sandbox.json<{ hostname: string; status: string }[]>(['server', 'list']);
    expect(servers.map(({ hostname, status }) => [hostname, status]).sort()).toEqual([
      ['cache-01', 'running'],
      ['db-01', 'running'],
      ['web-01', 'running'],
    ]);
    expect(await todo()).toEqual([]);
  }, 600_000);

  /** Waits until at least one server was created and others are still being worked on, then kills the orchestrator. */
  async function killDuringDeploy(): Promise<number> {
    for (;;) {
      const status = await sandbox.run(['orchestrator', 'status', '--out', 'json']);
      const { pid } = (status.code === 0 ? JSON.parse(status.stdout) : {}) as { pid?: number };
      const servers = await sandbox.run(['server', 'list', '--out', 'json']);
      const created = servers.code === 0 ? (JSON.parse(servers.stdout) as unknown[]).length : 0;
      if (pid !== undefined && created > 0) {
        process.kill(pid, 'SIGKILL');
        return pid;
      }
      await delay(100);
    }
  }

  async function isGone(pid: number): Promise<boolean> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      try {
        process.kill(pid, 0);
      } catch {
        return true;
      }
      await delay(100);
    }
    return false;
  }

  test('services answer through haproxy', async () => {
    await prove(new Cli(sandbox.environment), workspace);
  }, 60_000);

  test('nothing to do the second time', async () => {
    const { code, stdout } = await sandbox.run(['deploy', '--yes', '--out', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'success',
      result: { metadata: { state: 'unchanged' } },
    });
    expect((await sandbox.run(['plan', '--detailed-exitcode'])).code).toBe(0);
    expect(await sandbox.json<unknown[]>(['workflow', 'list'])).toHaveLength(1);
  }, 60_000);

  test('a taskserv that the definition no longer names is told of, and left alone', async () => {
    const file = join(sandbox.folder, 'workspaces', workspace, 'infra', 'demo', 'servers.toml');
    const written = await readFile(file, 'utf8');
    await writeFile(file, written.replace('"os", "redis"', '"os"'));
    expect(await sandbox.json<PlanJson>(['plan'])).toMatchObject({
      warnings: [
        'redis is installed on cache-01 and its definition does not name it. Add it, or remove it: provisioning taskserv delete redis cache-01',
      ],
      summary: { delete: 0 },
    });
    await writeFile(file, written);
    expect(await sandbox.json<PlanJson>(['plan'])).toMatchObject({ warnings: [] });
  }, 60_000);

  test('a service stopped by hand is repaired, exactly that', async () => {
    expect(
      (await sandbox.run(['server', 'exec', 'cache-01', '--', 'systemctl', 'stop', 'redis-server'])).code,
    ).toBe(0);
    const drifted = await todo();
    expect(drifted).toEqual([
      expect.objectContaining({
        name: 'cache-01/redis',
        action: 'update',
        drift: true,
        reasons: [expect.stringContaining('redis-server')],
      }),
    ]);
    expect((await sandbox.run(['deploy', '--yes'])).code).toBe(0);
    expect(await todo()).toEqual([]);
  }, 120_000);

  test('a server killed by hand comes back, and what names its address is looked at again', async () => {
    const before = await sandbox.json<{ hostname: string }[]>(['server', 'list']);
    expect(before).toHaveLength(3);
    expect((await sandbox.run(['server', 'stop', 'db-01', '--force', '--yes', '--direct'])).code).toBe(0);
    const drifted = await todo();
    expect(drifted[0]).toMatchObject({
      name: 'db-01',
      action: 'update',
      drift: true,
      reasons: ['the server is stopped'],
    });
    expect((await sandbox.run(['deploy', '--yes'])).code).toBe(0);
    expect(await todo()).toEqual([]);
    await prove(new Cli(sandbox.environment), workspace);
  }, 180_000);

  test('destroy removes what deploy made', async () => {
    expect((await sandbox.run(['destroy'])).code).toBe(2);
    expect((await sandbox.run(['destroy', '--yes'])).code).toBe(0);
    expect(await sandbox.json<unknown[]>(['server', 'list'])).toEqual([]);
  }, 120_000);
});
