import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type Ended } from '../../test/sandbox.ts';
import { at, cli, json, put, sandbox, useSandbox } from './sandbox.fixture.ts';

useSandbox();

describe('what services read', () => {
  test('02.A4 a variable sets the key of the orchestrator; a wrong type names the variable', async () => {
    const orchestrator = join(import.meta.dirname, '../../../orchestrator/bin/provisioning-orchestrator.js');
    const show = (environment: Record<string, string>, ...words: string[]): Promise<Ended> =>
      sandbox.run(['--show-config', ...words], { program: orchestrator, environment });
    const good = await show({
      ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS: '7',
      ORCHESTRATOR_STORAGE_SURREALDB_PASSWORD: 'hunter2',
    });
    expect(JSON.parse(good.stdout)).toMatchObject({
      settings: { queue: { max_concurrent_tasks: 7 }, storage: { surrealdb: { password: '***' } } },
      origins: { 'queue.max_concurrent_tasks': 'environment' },
    });
    const wrong = await show({ ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS: 'abc' });
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain('ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS');
    expect((await show({}, '--mode', 'alone')).stderr).toContain(
      'must be one of solo, multiuser, cicd, enterprise',
    );
    const file = join(sandbox.folder, 'service.toml');
    put(file, '[queue]\nmax_concurrent_tasks = "8"\n');
    const typed = await show({}, '--config', file);
    expect(typed.code).toBe(3);
    expect(typed.stderr).toContain(file);
    put(file, '[queue]\nmax_concurrent_tasks = 8\nmax_tasks = 9\n');
    expect(JSON.parse((await show({}, '--config', file)).stdout)).toMatchObject({
      settings: { queue: { max_concurrent_tasks: 8 } },
      unknown: [`platform.orchestrator.queue.max_tasks (from ${file})`],
    });
  }, 60_000);

  test('a daemon prints its process id when it listens, and says why it does not', async () => {
    const program = join(import.meta.dirname, '../../../orchestrator/bin/provisioning-orchestrator.js');
    const run = (...words: string[]): Promise<Ended> =>
      sandbox.run(['--daemon', '--port', '0', '--data-dir', join(sandbox.folder, 'daemon'), ...words], {
        program,
      });
    const { stdout, code } = await run();
    const pid = Number(stdout);
    try {
      expect(code).toBe(0);
      expect(readFileSync(join(sandbox.folder, 'daemon', 'orchestrator.pid'), 'utf8').trim()).toBe(
        String(pid),
      );
      const second = await run();
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(`Orchestrator already running (PID ${pid}`);
    } finally {
      process.kill(pid);
      while (existsSync(join(sandbox.folder, 'daemon', 'orchestrator.lock'))) await sleep(50);
    }
  }, 60_000);

  test('02.A5 a service file is checked against its schema; deprecated keys only warn, unless strict', async () => {
    const file = at('config/platform/orchestrator.toml');
    const messages = async (text: string, ...words: string[]): Promise<[number, string[], string[]]> => {
      put(file, text);
      const { code, stdout } = await cli('validate', 'config', ...words, '--out', 'json');
      const report = JSON.parse(stdout) as { errors: { message: string }[]; warnings: { message: string }[] };
      return [
        code,
        report.errors.map(({ message }) => message),
        report.warnings.map(({ message }) => message),
      ];
    };
    expect(await messages('[server]\nport = "8080"\n')).toEqual([
      3,
      ['Field server.port type mismatch: expected int, got string'],
      [],
    ]);
    expect((await messages('[server]\nport = 80\n'))[1]).toEqual(['Field server.port must be >= 1024']);
    const old = 'workers = 3\n[server]\nport = 8080\n';
    const deprecated = 'Field workers is deprecated. Use server.workers instead.';
    expect(await messages(old)).toEqual([0, [], [deprecated]]);
    expect(await messages(old, 'strict')).toEqual([3, [deprecated], []]);
  }, 60_000);
});

describe('platform services', () => {
  const service = (...words: string[]): Promise<Ended> =>
    cli('config', 'platform', 'orchestrator', '--set', ...words);

  test('config platform writes what differs, keeps comments, checks values, asks before it overwrites', async () => {
    const file = at('config/platform/orchestrator.toml');
    put(file, '# kept\n[orchestrator.queue]\nmax_concurrent_tasks = 5 # few\n');
    const preview = await service('queue.max_concurrent_tasks=7', '--check');
    expect(preview.stdout).toContain('+ max_concurrent_tasks = 7');
    expect(readFileSync(file, 'utf8')).toContain('= 5 # few');
    expect((await service('queue.max_concurrent_tasks=7')).code).not.toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('= 5 # few');
    expect((await service('queue.max_concurrent_tasks=7', '--yes')).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('# kept\n[orchestrator.queue]\nmax_concurrent_tasks = 7 # few\n');
    expect(await json('config', 'get', 'platform.orchestrator.queue.max_concurrent_tasks')).toBe(7);
    const wrong = await service('server.port=80', '--yes');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('must be at least 1024');
    const unknown = await cli('config', 'platform', 'nothing');
    expect(unknown).toMatchObject({ code: 5 });
    expect(unknown.stderr).toContain("Service 'nothing' not found");
  }, 60_000);

  test('02.A9 nickel commands name what is missing', async () => {
    const { code, stderr } = await sandbox.run(['nickel', 'export', 'json', 'a.ncl'], {
      environment: { PATH: '/nowhere', NICKEL_PATH: '' },
    });
    expect(code).toBe(3);
    expect(stderr).toContain('Nickel binary not found in PATH. Install Nickel or set NICKEL_PATH');
  });
});

describe('the render daemon', () => {
  afterAll(() => cli('config', 'daemon', 'stop'));

  test('02.A11 config daemon start, a render twice, status, stop', async () => {
    const { endpoint, pid } = await json<{ endpoint: string; pid: number }>(
      'config',
      'daemon',
      'start',
      '--bind',
      '127.0.0.1:0',
    );
    const render = async (content: string): Promise<Record<string, unknown>> => {
      const body = JSON.stringify({ language: 'hbs', content, context: { name: 'ada' } });
      const response = await fetch(`${endpoint}/config/render`, { method: 'POST', body });
      expect(response.status).toBe(200);
      return (await response.json()) as Record<string, unknown>;
    };
    expect(await render('{{upper name}}')).toMatchObject({ rendered: 'ADA', error: null });
    expect(await render('{{upper name}}')).toMatchObject({ rendered: 'ADA', error: null });
    expect(await render('{{#if}')).toMatchObject({ rendered: null });
    expect(await json('config', 'daemon', 'status')).toMatchObject({
      running: true,
      pid,
      stats: { total_renders: 3, failed_renders: 1, handlebars_cache_hits: 1 },
    });
    expect(await json('config', 'daemon', 'start')).toMatchObject({ already_running: true, pid });
    expect((await cli('config', 'daemon', 'stop')).stdout).toContain('Render daemon stopped');
    expect(await json('config', 'daemon', 'status')).toEqual({ running: false });
    const refused = await cli('config', 'daemon', 'run', '--bind', '0.0.0.0:0');
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain('needs a bearer token to listen on 0.0.0.0:0');
  }, 120_000);
});
