import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkflowRecord } from '@provisioning/client';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { Sandbox } from '../../../test/sandbox.ts';

/** The documented sample (S:40216) on the local provider, with services that containers can carry. */
const sample = `
[batch_workflow]
name = "multi_cloud_deployment"
version = "1.0.0"
storage_backend = "surrealdb"
parallel_limit = 5
rollback_enabled = true

[[batch_workflow.operations]]
id = "aws_taskservs"
type = "taskserv_batch"
provider = "local"
dependencies = ["upcloud_servers"]
taskservs = ["redis"]

[[batch_workflow.operations]]
id = "upcloud_servers"
type = "server_batch"
provider = "local"
dependencies = []
server_configs = [
  { name = "web-01", plan = "1xCPU-1GB", zone = "auto", os = "debian-12" },
  { name = "web-02", plan = "1xCPU-1GB", zone = "auto", os = "debian-12" },
]
`;

describe('batches', () => {
  let sandbox: Sandbox;
  const json = async <T>(words: readonly string[]): Promise<T> => {
    const { code, stdout, stderr } = await sandbox.run([...words, '--out', 'json']);
    if (code !== 0) throw new Error(`${words.join(' ')}: exit ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  };
  const hostnames = async () =>
    (await json<{ hostname: string }[]>(['server', 'list'])).map(({ hostname }) => hostname).sort();

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    writeFileSync(join(sandbox.folder, 'sample.toml'), sample);
    const words = ['workspace', 'init', 'batches', '--infra-name', 'demo', '--activate', '--yes'];
    expect(await sandbox.run(words)).toMatchObject({ code: 0 });
  }, 60_000);

  afterAll(async () => {
    await sandbox.run(['orchestrator', 'stop', '--force']);
    await cleanEverything({
      variables: sandbox.environment,
      workspace: { name: 'batches', path: join(sandbox.folder, 'workspaces', 'batches') },
      images: false,
    });
    await sandbox.remove();
  }, 120_000);

  test('12.A1 the sample: servers before taskservs, both Completed, snapshots exist; undone in reverse', async () => {
    const submitted = await sandbox.run([
      'batch',
      'submit',
      'sample.toml',
      '--yes',
      '--wait',
      '--out',
      'json',
    ]);
    expect(submitted).toMatchObject({ code: 0 });
    const record = JSON.parse(submitted.stdout) as WorkflowRecord;
    expect(record).toMatchObject({ name: 'multi_cloud_deployment', kind: 'batch', status: 'Completed' });
    const byId = new Map(record.operations!.map((operation) => [operation.id, operation]));
    const servers = byId.get('upcloud_servers')!;
    const taskservs = byId.get('aws_taskservs')!;
    expect([servers.status, taskservs.status]).toEqual(['Completed', 'Completed']);
    expect(Date.parse(taskservs.started_at!)).toBeGreaterThanOrEqual(Date.parse(servers.completed_at!));
    expect(await hostnames()).toEqual(['web-01', 'web-02']);
    const ping = await sandbox.run(['server', 'exec', 'web-02', '--', 'redis-cli', 'ping']);
    expect(ping.stdout).toContain('PONG');

    const port = sandbox.environment['ORCHESTRATOR_SERVER_PORT'];
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/state/workflows/${record.id}/snapshots`);
    const { data } = (await answer.json()) as { data: { state: string; details: { progress: number } }[] };
    expect(data.at(0)).toMatchObject({ state: 'pending' });
    expect(data.at(-1)).toMatchObject({ state: 'completed', details: { progress: 100 } });

    expect(await json(['batch', 'list'])).toEqual([expect.objectContaining({ id: record.id })]);
    expect(await json(['batch', 'stats'])).toMatchObject({ total: 1, by_status: { Completed: 1 } });
    const order = await json<{ order: string[] }>(['batch', 'rollback', record.id, '--check']);
    expect(order).toMatchObject({ order: ['aws_taskservs', 'upcloud_servers'], irreversible: [] });
    const undone = await sandbox.run(['batch', 'rollback', record.id, '--yes']);
    expect(undone).toMatchObject({ code: 0 });
    expect(await hostnames()).toEqual([]);
  }, 300_000);
});
