import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Sandbox } from '../../test/sandbox.ts';
import { Terminal } from '../../test/tmux.ts';

describe('init --wizard and what is made of its answers (04 §5.4)', () => {
  let sandbox: Sandbox;
  let answers: string;
  let terminal: Terminal | undefined;

  beforeAll(async () => {
    sandbox = await Sandbox.forServers();
    answers = join(sandbox.folder, 'config/provisioning/infrastructure_config.toml');
  });
  afterEach(() => terminal?.close());
  afterAll(() => sandbox.remove());

  /** The real terminal of a person: this user's variables without the one that forbids questions. */
  const person = (): Terminal =>
    new Terminal(sandbox, { columns: 100, rows: 40 }, { PROVISIONING_NONINTERACTIVE: 'false' });

  test('without a terminal it names what is missing, and nothing is there to deploy', async () => {
    expect(await sandbox.run(['init', '--wizard', '--set', 'workspace_name=shop'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('email'),
    });
    expect(existsSync(answers)).toBe(false);
    const none = await sandbox.run(['deploy', '--from-config', '--yes']);
    expect(none).toMatchObject({ code: 5, stderr: expect.stringContaining('provisioning init --wizard') });
  }, 60_000);

  test('in a terminal it asks, asks again, leaves out what is hidden, and writes after the review', async () => {
    terminal = person();
    terminal.type('provisioning init --wizard; echo "code $?"');
    await terminal.until(/\? Workspace name:/);
    terminal.press('C-c');
    expect(await terminal.until(/code \d+/)).toContain('code 130');
    expect(existsSync(answers)).toBe(false);
    terminal.type('clear; provisioning init --wizard; echo "code $?"');
    await terminal.until(/\? Workspace name:/);
    terminal.type('My Shop');
    await terminal.until(/3 to 32 small letters/);
    for (const [question, answer] of [
      [/\? Workspace name: \(my-workspace\)\s*$/, 'shop'],
      [/\? Deployment mode: \(solo\)/, ''],
      [/\? Provider: \(upcloud\/aws\/hetzner\/local\) \[upcloud\]/, 'local'],
      [/\? Taskservs:/, '3, redis'],
      [/\? Monitoring[^?]*\(Y\/n\)/, 'n'],
      [/\? Backups: \(Y\/n\)/, 'n'],
      [/\? Mail address/, 'ops@example.com'],
      [/\? Is this right\?/, 'y'],
    ] as const) {
      await terminal.until(question);
      terminal.type(answer);
    }
    const end = await terminal.until(/code \d+/);
    expect(end).not.toContain('Days a backup is kept');
    expect(end).toContain('Infrastructure configuration created!');
    expect(end).toContain('Use: provisioning deploy --from-config');
    expect(end).toContain('code 0');
    const text = readFileSync(answers, 'utf8');
    expect(text).toContain('workspace_name = "shop"');
    expect(text).toContain('taskservs = [ "postgres", "redis" ]');
    expect(text).not.toContain('backup_retention_days');
  }, 90_000);

  test('on a page it offers the answers of last time', async () => {
    terminal = person();
    terminal.type('provisioning init --wizard --backend web --port 0; echo "code $?"');
    const [url] = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(
      (await terminal.until(/token=\S{20,}/)).replaceAll('\n', ''),
    )!;
    expect(await (await fetch(url)).text()).toContain('value="shop"');
    const values = new URLSearchParams({
      workspace_name: 'shop',
      deployment_mode: 'solo',
      provider: 'local',
      email: 'ops@example.com',
    });
    expect((await fetch(url, { method: 'POST', body: values })).status).toBe(200);
    expect(await terminal.until(/code \d+/)).toContain('code 0');
    expect(readFileSync(answers, 'utf8')).toMatch(/taskservs = \[ *\]/);
    const again = ['init', '--wizard', '--set', 'email=other@example.com', '--yes'];
    expect(await sandbox.run(again)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--force'),
    });
    expect((await sandbox.run([...again, '--force'])).code).toBe(0);
  }, 60_000);

  test('server create --from-config makes the workspace and its server; --check makes neither', async () => {
    const check = await sandbox.run(['server', 'create', '--from-config', '--check']);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('Server: shop') });
    expect((await sandbox.json<unknown[]>(['workspace', 'list'])).length).toBe(0);
    const made = await sandbox.run(['server', 'create', '--from-config', '--yes', '--direct']);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('Server created successfully') });
    expect(await sandbox.json(['server', 'list', '--ws', 'shop'])).toMatchObject([
      { hostname: 'shop', provider: 'local', status: 'running', infra: 'main' },
    ]);
    expect((await sandbox.run(['server', 'delete', '--ws', 'shop', '--yes', '--direct'])).code).toBe(0);
  }, 240_000);

  test('other answers are other lines of the definition, shown and asked for; one file stands for a fleet', async () => {
    const file = join(sandbox.folder, 'fleet.toml');
    writeFileSync(
      file,
      `${readFileSync(answers, 'utf8').replace('"solo"', '"enterprise"').replace('enable_monitoring = false', 'enable_monitoring = true')}`,
    );
    const refused = await sandbox.run(['deploy', '--from-config', file]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('+ hostname = "app-01"') });
    const check = await sandbox.run(['deploy', '--from-config', file, '--check']);
    expect(check.code).toBe(0);
    for (const name of ['app-01', 'app-02', 'db-01'])
      for (const taskserv of ['prometheus', 'grafana'])
        expect(check.stdout).toContain(`Taskserv: ${name}/${taskserv}`);
    expect(check.stdout).toContain('plan 16xCPU-32GB');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('ops@example.com', 'nobody').replace('other@example.com', 'nobody'),
    );
    expect(await sandbox.run(['deploy', '--from-config', file, '--check'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('Mail address'),
    });
  }, 60_000);
});
