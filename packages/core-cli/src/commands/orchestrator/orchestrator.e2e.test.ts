import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Schedule } from '@provisioning/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Sandbox } from '../../../test/sandbox.ts';

const workflow = (script: string) => `
name = "steps"
version = "1.0.0"
[[operations]]
id = "one"
type = "command"
config = { command = "sh", args = ["-c", "${script}"] }
`;

describe('orchestrator commands', () => {
  let sandbox: Sandbox;
  /** The long workflow ends when this file is gone. */
  let hold: string;
  const json = async (words: readonly string[]) =>
    JSON.parse((await sandbox.run([...words, '--out', 'json'])).stdout) as never;

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    hold = join(sandbox.folder, 'hold');
    writeFileSync(hold, '');
    writeFileSync(join(sandbox.folder, 'quick.toml'), workflow('true'));
    writeFileSync(join(sandbox.folder, 'long.toml'), workflow(`while [ -e ${hold} ]; do sleep 0.1; done`));
  });
  afterAll(() => sandbox.remove());

  test('12.A16 checking and validating start nothing; 12.A15 a batch without an orchestrator is exit 1', async () => {
    for (const words of [
      ['workflow', 'submit', 'quick.toml', '--check'],
      ['orchestrator', 'validate', 'quick.toml'],
      ['workflow', 'dry-run', 'quick.toml'],
    ])
      expect({ words, ...(await sandbox.run(words)) }).toMatchObject({ words, code: 0 });
    expect(await json(['orchestrator', 'status'])).toMatchObject({ health: 'stopped' });
    const user = join(sandbox.folder, 'config', 'provisioning');
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, 'config.toml'), '[orchestrator]\nauto_start = false\n');
    const refused = await sandbox.run(['batch', 'submit', 'quick.toml', '--yes']);
    rmSync(join(user, 'config.toml'));
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Orchestrator not available'),
    });
  }, 120_000);

  test('12.A20 Ctrl-C in a monitor is exit 0, the workflow goes on; 12.A14 reads work while it is stopped', async () => {
    const submitted = await sandbox.run(['workflow', 'submit', 'long.toml', '--out', 'json']);
    expect(submitted).toMatchObject({ code: 0 });
    const { workflow_id: id } = JSON.parse(submitted.stdout) as { workflow_id: string };
    expect(await json(['mode', 'quotas', '--user', 'local'])).toEqual(
      ['servers', 'cores', 'memory'].map((resource) => ({
        ...{ subject: 'local', resource },
        ...{ used: 0, limit: null },
      })),
    );
    const monitor = await sandbox.run(['workflow', 'monitor', id], {
      onStart: (child) =>
        void child.stderr!.on('data', (said: string) => {
          if (said.includes('steps: 1 operation')) child.kill('SIGINT');
        }),
    });
    expect(monitor.code).toBe(0);
    expect(monitor.stderr).toContain('keeps running');
    rmSync(hold);
    expect((await sandbox.run(['workflow', 'monitor', id])).code).toBe(0);
    expect(await json(['workflow', 'status', id])).toMatchObject({ status: 'Completed' });
    expect((await sandbox.run(['orchestrator', 'stop'])).code).toBe(0);
    expect(await json(['orchestrator', 'status'])).toMatchObject({ health: 'stopped', completed_tasks: 1 });
    expect(await json(['orchestrator', 'tasks'])).toMatchObject([{ task_id: id, status: 'completed' }]);
    expect(await json(['workflow', 'status', id])).toMatchObject({ status: 'Completed' });
    const other = await sandbox.run(['orchestrator', 'status'], {
      environment: { ORCHESTRATOR_STORAGE_TYPE: 'postgres' },
    });
    expect(other).toMatchObject({ code: 0, stderr: expect.stringContaining('[HTTP fallback mode]') });
    const path = await sandbox.run(['orchestrator', 'migrate-store', '--from', 'sqlite', '--to', 'mysql']);
    expect(path).toMatchObject({ code: 2 });
    expect(path.stderr).toContain('Unsupported migration path: sqlite → mysql');
  }, 180_000);

  test('logs --follow tells what comes until the workflow ends; --task and --level choose', async () => {
    writeFileSync(
      join(sandbox.folder, 'talk.toml'),
      workflow('echo first; sleep 1; echo second >&2; sleep 1; echo third'),
    );
    const submitted = await sandbox.json<{ workflow_id: string }>(['workflow', 'submit', 'talk.toml']);
    const id = submitted.workflow_id;
    const followed = await sandbox.run(['workflow', 'logs', id, '--follow']);
    expect(followed.code).toBe(0);
    expect(followed.stdout).toMatch(/first\n[\s\S]*second\n[\s\S]*third\n/);
    expect((await sandbox.json<{ status: string }>(['workflow', 'status', id])).status).toBe('Completed');
    const whole = await sandbox.run(['workflow', 'logs', id]);
    expect(whole.stdout).toBe(followed.stdout);
    expect((await sandbox.run(['orchestrator', 'logs', '--task', id])).stdout).toBe(whole.stdout);
    const all = await sandbox.json<string[]>(['orchestrator', 'logs']);
    expect(all.some((line) => line.includes('"info"'))).toBe(true);
    const errors = await sandbox.json<string[]>(['orchestrator', 'logs', '--level', 'error']);
    expect(errors.filter((line) => line.includes('"info"'))).toEqual([]);
  }, 120_000);

  test('advice on a definition comes at a submission only with --verbose; validate shows it to all', async () => {
    const advice = "Operation 'one': Missing retry_policy";
    const said = async (...words: string[]) => {
      const { code, stdout, stderr } = await sandbox.run(['workflow', ...words]);
      return { code, toAdvise: `${stdout}${stderr}`.includes(advice) };
    };
    expect(await said('submit', 'quick.toml')).toEqual({ code: 0, toAdvise: false });
    expect(await said('submit', 'quick.toml', '--verbose')).toEqual({ code: 0, toAdvise: true });
    expect(await said('validate', 'quick.toml')).toEqual({ code: 0, toAdvise: true });
  }, 120_000);

  test('05 §7.5 backup schedule is an entry of the orchestrator whose workflow makes a backup', async () => {
    expect(await sandbox.run(['workspace', 'init', 'shop', '--infra-name', 'prod'])).toMatchObject({
      code: 0,
    });
    const scheduled = await json(['backup', 'schedule', '--daily', '--time', '02:30']);
    expect(scheduled).toMatchObject({ name: 'backup-shop-prod', cron: '30 2 * * *' });
    const [{ workflow: made, next_run }] = (await json(['workflow', 'schedule', 'list'])) as [Schedule];
    expect(next_run).toMatch(/T02:30:00/);
    writeFileSync(join(sandbox.folder, 'scheduled.json'), JSON.stringify(made));
    const ran = await sandbox.run(['workflow', 'submit', 'scheduled.json', '--wait', '--yes']);
    expect({ ...ran }).toMatchObject({ code: 0 });
    expect(await json(['backup', 'list'])).toMatchObject([{ infra: 'prod', type: 'full' }]);
    expect(await json(['backup', 'schedule', '--remove'])).toMatchObject({ removed: true });
    expect(await json(['workflow', 'schedule', 'list'])).toEqual([]);
    expect((await sandbox.run(['orchestrator', 'stop'])).code).toBe(0);
  }, 120_000);
});
