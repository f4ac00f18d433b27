import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { Sandbox } from '../../packages/core-cli/test/sandbox.ts';

/**
 * The life of servers through the real command line, on three containers that all tests share: created, found broken,
 * repaired, locked, deleted. The tests build on each other.
 */
describe('servers', () => {
  let sandbox: Sandbox;
  let workspace: string;
  const name = 'servers';
  const direct = ['--direct', '--yes'];

  interface Listed {
    readonly hostname: string;
    readonly status: string;
    readonly id: string;
    readonly ip_address: string;
  }
  const list = (...args: string[]) => sandbox.json<Listed[]>(['server', 'list', ...args]);
  const hostnames = async () => (await list('--refresh')).map(({ hostname }) => hostname).sort();
  const definition = (infra: string, file: string) => join(workspace, 'infra', infra, file);

  /** An infrastructure with the settings of the first one and servers of its own. */
  async function infrastructure(infra: string, servers: string, settings = ''): Promise<void> {
    await mkdir(join(workspace, 'infra', infra), { recursive: true });
    const own = `[settings.server_defaults]\nprovider = "local"\nos = "debian-12"\ncores = 1\nmemory = 512\ndisk = 10\n`;
    await writeFile(definition(infra, 'settings.toml'), `${settings}${own}`);
    await writeFile(definition(infra, 'servers.toml'), servers);
  }

  const three = (second = '') => `
[[servers]]
hostname = "web-01"
storage = { additional = [{ name = "data", size = 10, mount_point = "/data" }] }

[[servers]]
hostname = "web-02"
${second}

[[servers]]
hostname = "web-03"
`;

  beforeAll(async () => {
    sandbox = await Sandbox.forServers();
    const made = await sandbox.run([
      'workspace',
      'init',
      name,
      '--infra-name',
      'main',
      '--activate',
      '--yes',
    ]);
    expect(made).toMatchObject({ code: 0 });
    workspace = (await sandbox.json<{ path: string }>(['workspace', 'info'])).path;
    for (const file of await readdir(join(workspace, 'infra', 'main')))
      await rm(definition('main', file), { recursive: true });
    await infrastructure('main', three());
  }, 120_000);

  afterAll(async () => {
    await cleanEverything({
      variables: sandbox.environment,
      workspace: { name, path: workspace },
      images: false,
    });
    await sandbox.remove();
  }, 120_000);

  /** Every file below a folder with its content; the program's compiled form, which Node.js keeps, aside. */
  async function treeHash(folder: string): Promise<string> {
    const hash = createHash('sha256');
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && !entry.parentPath.includes('/provisioning/compiled'),
    );
    for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort())
      hash.update(`${path}\0`).update(await readFile(path));
    return hash.digest('hex');
  }

  test('05.A1 --check needs no engine, no credentials and no sudo, and changes no file', async () => {
    const tools = join(sandbox.folder, 'no-tools');
    await mkdir(tools);
    await writeFile(join(tools, 'sudo'), `#!/bin/sh\ntouch ${join(sandbox.folder, 'sudo-was-called')}\n`);
    await chmod(join(tools, 'sudo'), 0o755);
    const before = await treeHash(sandbox.folder);
    const environment = { PATH: tools, DOCKER_HOST: `unix://${sandbox.folder}/none.sock` };
    const check = ['server', 'create', '--infra', 'main', '--check', '--fix-local-hosts'];
    const { code, stdout, stderr } = await sandbox.run(check, { environment });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'ok: Validation passed',
      'warning: Check mode: No changes will be made',
    ]);
    expect(stdout).toContain(
      'Would create:\n- Server: web-01 (1 core, 512MB RAM, 10GB disk)\n    zone: auto\n    plan: -\n    network: public, utility\n    taskservs: -\n- Server: web-02',
    );
    expect(stdout).toMatch(/Estimated cost: 0\.00\/month\n$/);
    expect(await treeHash(sandbox.folder)).toBe(before);
    const json = JSON.parse(
      (await sandbox.run([...check, '--out', 'json'], { environment })).stdout,
    ) as object;
    expect(json).toMatchObject({
      check_mode: true,
      would_create: ['web-01', 'web-02', 'web-03'],
      estimated_time: '2-5 minutes',
    });
  }, 60_000);

  test('05.A3 05.A12 an unknown plan and too many servers are refused, nothing is created', async () => {
    await infrastructure('bad', '[[servers]]\nhostname = "x-01"\nplan = "nope"\n');
    const plan = await sandbox.run(['server', 'create', '--infra', 'bad', ...direct]);
    expect(plan).toMatchObject({ code: 3, stderr: expect.stringContaining('Invalid plan: nope') });
    await infrastructure(
      'many',
      '[[servers]]\nhostname = "x"\ncount = 21\n',
      'environment = "development"\n',
    );
    const many = await sandbox.run(['server', 'create', '--infra', 'many', ...direct]);
    expect(many.stderr).toContain('Resource limit exceeded: max_instances 20 (current 0, requested 21)');
    expect(many.code).toBe(1);
    for (const infra of ['bad', 'many']) expect(await list('--infra', infra, '--refresh')).toEqual([]);
  }, 60_000);

  test('05.A8 one that fails: the others stay; with --rollback none', async () => {
    await infrastructure('main', three('os = "plan9-4"'));
    const undone = await sandbox.run(['server', 'create', '--rollback', ...direct]);
    expect(undone).toMatchObject({ code: 1, stderr: expect.stringContaining('2 succeeded, 1 failed') });
    expect(undone.stderr).toMatch(/web-02: .*plan9-4/);
    expect(await hostnames()).toEqual([]);
    const kept = await sandbox.run(['server', 'create', ...direct]);
    expect(kept).toMatchObject({ code: 1, stderr: expect.stringContaining('2 succeeded, 1 failed') });
    expect(await hostnames()).toEqual(['web-01', 'web-03']);
  }, 300_000);

  test('05.A10 delete keeps storage when asked, refuses unknown names, and n cancels', async () => {
    expect(await sandbox.run(['server', 'exec', 'web-01', 'echo kept > /data/file'])).toMatchObject({
      code: 0,
    });
    const no = await sandbox.typed(['server', 'delete', 'web-01', '--direct'], 'n\n');
    expect(no).toMatchObject({ code: 1, stdout: expect.stringContaining('Cancelled') });
    expect(no.stdout).toContain('Auth check: Check auth for destructive operation');
    expect(await hostnames()).toEqual(['web-01', 'web-03']);
    const gone = await sandbox.run(['server', 'delete', 'web-01', '--keepstorage', ...direct]);
    expect(gone).toMatchObject({ code: 0, stdout: expect.stringContaining('Server deleted: web-01') });
    const unknown = await sandbox.run(['server', 'delete', 'nope', ...direct]);
    expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining('Server not found: nope') });
    expect((await sandbox.run(['server', 'delete', 'web-03', ...direct])).code).toBe(0);
    expect(await hostnames()).toEqual([]);
  }, 120_000);

  test('05.A6 three servers, an inventory with their addresses; the second run creates none', async () => {
    await infrastructure('main', three());
    const { code, stdout, stderr } = await sandbox.run(['server', 'create', ...direct]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(
      /^Creating servers for infrastructure: main\n( {2}\* Creating server: web-0\d \(auto, 1 core, 512 MB\)\n){3}/,
    );
    expect(stdout).toMatch(
      /ok: Created 3 servers in \d+ seconds\nServers:\n( {2}- web-0\d: [\d.]+ \(Running\)\n){3}$/,
    );
    const text = await readFile(definition('main', 'inventory.yaml'), 'utf8');
    expect(text).toMatch(/^# generated by provisioning\nservers:\n/);
    expect(text.match(/^ {2}- hostname: web-0\d$/gm)).toHaveLength(3);
    expect(new Set(text.match(/^ {4}ip_address: \d+\.\d+\.\d+\.\d+$/gm)).size).toBe(3);
    expect((await sandbox.run(['server', 'exec', 'web-01', 'cat /data/file'])).stdout).toBe('kept\n');
    const before = await list('--refresh');
    const again = await sandbox.run(['server', 'create', ...direct]);
    expect(again.code).toBe(0);
    expect(again.stderr.match(/info: Server web-0\d already exists/g)).toHaveLength(3);
    expect(await list('--refresh')).toEqual(before);
  }, 300_000);

  test('05.A13 05.A15 01.A18 lists and remote output are nothing but themselves', async () => {
    const listed = await sandbox.run(['server', 'list', '--out', 'json']);
    expect((JSON.parse(listed.stdout) as Listed[]).map(({ status }) => status)).toEqual(
      Array(3).fill('running'),
    );
    const file = await sandbox.run(['server', 'ssh', 'web-01', 'printf "a\\0b"; exit 7']);
    expect(file).toEqual({ code: 7, stdout: 'a\0b', stderr: '' });
  }, 60_000);

  test('05.A14 24.A11 01.A17 health is false while a server is down, and true again afterwards', async () => {
    const health = async () => {
      const { code, stdout } = await sandbox.run(['health', 'check', '--out', 'json']);
      return {
        code,
        ...(JSON.parse(stdout) as { healthy: boolean; servers: { name: string; reason?: string }[] }),
      };
    };
    expect(await health()).toMatchObject({ code: 0, healthy: true });
    expect((await sandbox.run(['server', 'stop', 'web-02', '--force', ...direct])).code).toBe(0);
    const down = await health();
    expect(down).toMatchObject({ code: 1, healthy: false });
    expect(down.servers.find(({ name: one }) => one === 'web-02')?.reason).toBe('the server is stopped');
    const lines = await sandbox.run(['health', '--infra', 'main']);
    expect(lines.stdout).toContain('  error: web-02: the server is stopped');
    expect(lines.stdout).toMatch(/Overall Status: error: 1 problem\n$/);
    expect((await sandbox.run(['server', 'start', 'web-02', ...direct])).code).toBe(0);
    expect(await health()).toMatchObject({ code: 0, healthy: true });
    const summary = await sandbox.run(['health', 'check']);
    expect(summary.stdout).toBe(
      'ok: Configuration: OK\nok: Servers: 3/3 healthy\nok: Task Services: 0/0 running\nok: Platform Services: 0/0 healthy\nok: Network Connectivity: OK\nok: Encryption Keys: OK\n',
    );
  }, 180_000);

  test('05.A11 a locked server is neither stopped nor deleted', async () => {
    await infrastructure('main', three('lock = true'));
    for (const verb of ['stop', 'delete']) {
      const refused = await sandbox.run(['server', verb, 'web-02', ...direct]);
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("Server 'web-02' is locked"),
      });
    }
    expect((await list('--refresh')).every(({ status }) => status === 'running')).toBe(true);
    await infrastructure('main', three());
  }, 60_000);

  test('05.A7 a creation that was killed is listed with its id and finished', async () => {
    expect((await sandbox.run(['server', 'delete', 'web-02', 'web-03', ...direct])).code).toBe(0);
    let child: ChildProcess | undefined;
    const killed = sandbox.run(['server', 'create', ...direct], { onStart: (started) => (child = started) });
    while (!(await unfinished())) await delay(10);
    child!.kill('SIGKILL');
    await killed;
    const shown = await list();
    const lost = shown.filter(({ hostname }) => hostname !== 'web-01');
    expect(lost.length).toBeGreaterThan(0);
    for (const { id } of lost) expect(id).toMatch(/^[0-9a-f]{64}$/);
    const finished = await sandbox.run(['server', 'create', ...direct]);
    expect({ code: finished.code, stderr: finished.stderr }).toMatchObject({ code: 0 });
    expect(finished.stdout).toContain('ok: Created 2 servers');
    const after = await list('--refresh');
    expect(after.map(({ hostname, status }) => [hostname, status]).sort()).toEqual([
      ['web-01', 'running'],
      ['web-02', 'running'],
      ['web-03', 'running'],
    ]);
    expect(after.filter(({ id }) => lost.some((one) => one.id === id))).toHaveLength(lost.length);
  }, 300_000);

  /** Whether a creation has an id and has not come to its end. */
  async function unfinished(): Promise<boolean> {
    const text = await readFile(definition('main', 'data/state.json'), 'utf8').catch(() => '{}');
    const { servers = {} } = JSON.parse(text) as { servers?: Record<string, { operation?: unknown }> };
    return Object.values(servers).some(({ operation }) => operation !== undefined);
  }

  test('05.A9 01.A10 no password for the second of three: the first stays, the third is not begun', async () => {
    expect((await sandbox.run(['server', 'delete', ...direct])).code).toBe(0);
    const tools = join(sandbox.folder, 'tools');
    await mkdir(tools);
    // The password is known once: for the first server. The copy it is asked for stays in the sandbox.
    const once = `#!/bin/sh
[ "$1" = -V ] && exit 0
if [ "$2" = install ] && [ ! -e ${tools}/used ]; then cp "$5" ${tools}/used && exit 0; fi
echo "sudo: a password is required" >&2
exit 1
`;
    await writeFile(join(tools, 'sudo'), once);
    await chmod(join(tools, 'sudo'), 0o755);
    const environment = { PATH: `${tools}:${sandbox.environment['PATH']!}` };
    const { code, stderr } = await sandbox.run(['server', 'create', '--fix-local-hosts', ...direct], {
      environment,
    });
    expect(code).toBe(1);
    const said = [
      'warning: Sudo access required for --fix-local-hosts',
      'info: You will be prompted for your password, or press CTRL-C to cancel',
      "  Tip: Run 'sudo -v' beforehand to cache credentials",
      'warning: Operation cancelled - sudo password required but not provided',
      "info: Run 'sudo -v' first to cache credentials, or run without --fix-local-hosts",
      'error: Server creation cancelled',
    ];
    expect(stderr.split('\n').filter((line) => said.includes(line))).toEqual(said);
    expect(await hostnames()).toEqual(['web-01', 'web-02']);
    expect(await readFile(join(tools, 'used'), 'utf8')).toMatch(/^[\d.]+ web-01$/m);
    const config = await readFile(join(sandbox.folder, '.ssh', 'config'), 'utf8');
    expect(config).toContain('Host web-01');
    expect(config).not.toContain('Host web-02');
  }, 180_000);

  test('a second run waits for the first and then says who works', async () => {
    const lock = definition('main', 'data/operation.lock');
    await writeFile(lock, `${process.pid}\n`);
    const busy = await sandbox.run(['server', 'stop', 'web-01', ...direct]);
    expect(busy.stderr).toContain(`Another operation is running on main (pid ${process.pid})`);
    expect(busy.code).toBe(1);
    await rm(lock);
  }, 60_000);
});
