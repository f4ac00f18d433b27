import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { measureLoad, runGraph } from '@provisioning/core';
import { CliBed } from '../testing/cli-bed.ts';

/** Servers that change during their life, through the command line. The tests build on each other. */
let bed: CliBed;

const definition = (tier: string): string => `
[[servers]]
hostname = "db-01"
provider = "local"
os = "debian-12"
plan = "1xCPU-1GB"

[[servers]]
hostname = "web"
provider = "local"
os = "debian-12"
plan = "1xCPU-1GB"
count = 2
labels = { tier = "${tier}" }
`;

interface Listed {
  readonly hostname: string;
  readonly plan: string;
  readonly status: string;
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

beforeAll(async () => {
  bed = await CliBed.make(definition('one'), { servers: true });
  await must('deploy --yes --direct');
}, 300_000);

// Every command line is a run of its own, on real servers.
jest.setTimeout(180_000);

afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
});

async function must(line: string | readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await bed.cli(line);
  if (code !== 0) throw new Error(`${String(line)}: exit ${code}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

async function servers(): Promise<Map<string, Listed>> {
  const list = await bed.json<Listed[]>('server list --refresh');
  return new Map(list.map((server) => [server.hostname, server]));
}

const tiers = async (): Promise<(string | undefined)[]> => {
  const there = await servers();
  return ['web-01', 'web-02', 'web-03'].map((name) => there.get(name)?.tags['tier']);
};

test('a server gets another plan and keeps running; a plan nobody has is refused', async () => {
  const before = (await servers()).get('db-01')!;
  const looked = await must('server resize db-01 --plan 1xCPU-2GB --check');
  expect(looked).toContain('- Server: db-01 (plan 1xCPU-1GB -> 1xCPU-2GB)');
  expect((await servers()).get('db-01')).toEqual(before);
  expect(await must('server resize db-01 --plan 1xCPU-2GB --yes --direct')).toContain(
    'Server db-01 has plan 1xCPU-2GB',
  );
  expect((await servers()).get('db-01')).toMatchObject({ plan: '1xCPU-2GB', status: 'running' });
  const wrong = await bed.cli('server resize db-01 --plan nope --yes --direct');
  expect(wrong).toMatchObject({ code: 3, stderr: expect.stringContaining('Invalid plan: nope') });
  // The definition is what counts: the next update brings it back.
  expect(await must('server update --yes --direct')).toContain('plan    1xCPU-2GB -> 1xCPU-1GB');
  expect((await servers()).get('db-01')).toMatchObject({ plan: '1xCPU-1GB' });
  expect(await must('server update --yes --direct')).toContain('Nothing to do: the servers are as defined');
});

test('a group grows and shrinks, newest first, without a change of its definition', async () => {
  const text = await readFile(join(bed.infra, 'settings.toml'), 'utf8');
  expect(await must('server scale --count 4 --yes --direct')).toContain('Scaled web from 2 to 4 servers');
  const four = await servers();
  expect([...four.keys()].sort()).toEqual(['db-01', 'web-01', 'web-02', 'web-03', 'web-04']);
  expect(await must('server scale web --count 3 --yes --direct')).toContain('Scaled web from 4 to 3 servers');
  const three = await servers();
  expect([...three.keys()].sort()).toEqual(['db-01', 'web-01', 'web-02', 'web-03']);
  for (const [name, { id }] of three) expect(id).toBe(four.get(name)!.id);
  expect(await readFile(join(bed.infra, 'settings.toml'), 'utf8')).toBe(text);
  expect(await must('deploy --check')).not.toContain('web-04');
  const unknown = await bed.cli('server scale api --count 3 --yes --direct');
  expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining('Groups: web') });
});

test('05.A16 an unhealthy batch goes back, later ones stay; --resume goes on there', async () => {
  await bed.define(definition('two'));
  await bed.sh('web-02', 'touch /root/ill');
  const rolling = ['server', 'update', 'web-*', '--health-check-interval', '1s', '--yes', '--direct'];
  rolling.push('--health-command', 'test ! -e /root/ill');
  const failed = await bed.cli([...rolling, '--rolling']);
  expect(failed.code).toBe(1);
  const story = failed.stderr.match(
    /Deploying to batch: .*|Batch deployed successfully|Health check failed, rolling back batch/g,
  );
  expect(story).toEqual([
    'Deploying to batch: web-01',
    'Batch deployed successfully',
    'Deploying to batch: web-02',
    'Health check failed, rolling back batch',
  ]);
  expect(failed.stderr).toContain(
    'Rolling deployment failed at batch 2: web-02: the health command answers 1',
  );
  expect(await tiers()).toEqual(['two', 'one', 'one']);
  await bed.sh('web-02', 'rm /root/ill');
  const resumed = await must([...rolling, '--resume']);
  expect(resumed).toContain('Rolling update completed: 2 servers');
  expect(resumed).not.toContain('Deploying to batch: web-01');
  expect(await tiers()).toEqual(['two', 'two', 'two']);
});

test('packages of the operating system come up to date one server at a time; a failing one stops the run', async () => {
  for (const host of ['db-01', 'web-01'])
    await bed.sh(host, 'rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*');
  expect(await must('server update db-01 web-01 --os-update --yes --direct')).toMatch(
    /db-01: 0 packages updated[^]*web-01: 0 packages updated/,
  );
  await bed.sh('db-01', 'echo nonsense >/etc/apt/sources.list');
  const failed = await bed.cli('server update db-01 web-01 --os-update --yes --direct');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('db-01: packages were not updated');
  expect(failed.stderr).not.toContain('web-01: Updating');
});

test('files go to, from and between servers', async () => {
  await writeFile(join(bed.infra, 'note.txt'), 'hello\n');
  await must('server copy note.txt web-01:/root/');
  await must('server copy web-01:/root/note.txt web-02:/root/other.txt');
  expect(await bed.sh('web-02', 'cat /root/other.txt')).toBe('hello\n');
  await must('server copy web-02:/root/other.txt back.txt');
  expect(await readFile(join(bed.infra, 'back.txt'), 'utf8')).toBe('hello\n');
  expect(await bed.cli('server copy a b')).toMatchObject({ code: 2 });
});

test('what was done to a server is on record; its own journal and load can be read', async () => {
  const log = await must('server logs db-01');
  expect(log).toMatch(
    /INFO {2}server\.create: begins[^]*server\.resize: Resizing db-01[^]*server\.resize: done/,
  );
  expect(log).toMatch(/ERROR server\.os-update: db-01: packages were not updated/);
  expect(log).not.toContain('web-01');
  expect(await bed.json<string[]>('server logs db-01 --tail 2')).toHaveLength(2);
  expect(await must('server logs db-01 --remote --tail 5')).toContain(' db-01 sshd');
  const { project } = await bed.open();
  const context = project.context({ idempotencyKey: 'test' });
  const server = { hostname: 'db-01', provider: 'local', cores: 1, memory: 1024 };
  const calm = await measureLoad(context, server);
  expect(calm.memory).toBeGreaterThan(0);
  await bed.sh('db-01', 'systemd-run --quiet --unit busy sh -c "while :; do :; done"');
  const busy = await measureLoad(context, server);
  await bed.sh('db-01', 'systemctl stop busy');
  expect(busy.cpu).toBeGreaterThan(calm.cpu);
});

test('definitions are checked without a change: fields, plans, what an infrastructure needs', async () => {
  expect(await must('server validate')).toMatch(/db-01: valid[^]*web-01: valid/);
  const infra = await bed.json<{ valid: boolean; checks: { name: string; status: string }[] }>(
    'infra validate',
  );
  expect(infra.valid).toBe(true);
  expect(infra.checks).toContainEqual(expect.objectContaining({ name: 'ssh-key', status: 'ok' }));
  expect(await must('workspace validate')).toContain("Infrastructure 'prod': 4 servers");
  await bed.define(definition('two').replace('1xCPU-1GB', 'nope'));
  expect(await bed.cli('server validate')).toMatchObject({
    ...{ code: 3, stderr: expect.stringContaining("Server 'db-01': Invalid plan: nope") },
  });
  expect(await bed.cli('server validate web-01')).toMatchObject({ code: 0 });
  await bed.define(definition('two'));
});

test('cleanup takes old files and expired snapshots; --check takes nothing', async () => {
  await must('storage backup db-01');
  const second = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) === second) await sleep(20);
  await must('storage backup db-01');
  await bed.define(
    `${definition('two')}\n[storage.backup]\nretention = { daily = 1, weekly = 0, monthly = 0 }\n`,
  );
  const old = join(bed.workspacePath, '.runtime', 'logs', 'old.log');
  await writeFile(old, 'old\n');
  await utimes(old, 0, 0);
  const planned = await bed.json<{ files: string[]; snapshots: string[] }>('cleanup --check');
  expect(planned.files).toEqual(['.runtime/logs/old.log']);
  expect(planned.snapshots).toEqual([expect.stringMatching(/^prod\/db-01-\d{8}-\d{6}$/)]);
  expect(await bed.json('cleanup --check')).toEqual(planned);
  expect(await bed.cli('cleanup')).toMatchObject({ code: 2 });
  expect(await must('cleanup --yes')).toContain('removed 1 snapshot');
  expect(await must('cleanup --check')).toContain('Nothing to clean up');
  expect(await must('server logs db-01')).toContain('server.create');
});

test('prices: local servers are free, and say so', async () => {
  const answer = await bed.json<{ servers: { hostname: string; monthly: number }[]; incomplete: boolean }>(
    'server price --compare',
  );
  expect(answer.incomplete).toBe(false);
  expect(answer.servers.map(({ monthly }) => monthly)).toEqual([0, 0, 0, 0]);
});

test('without waiting a creation ends at once; a list completes the record, the next creation the server', async () => {
  const late =
    '[[servers]]\nhostname = "late-01"\nprovider = "local"\nos = "debian-12"\nplan = "1xCPU-1GB"\n';
  const runset = 'wait = false\nuse_time = false\noutput_format = "json"\noutput_path = "./results"';
  await bed.define(`[settings.runset]\n${runset}\n${definition('one')}${late}`);
  // Its format counts where nobody asks for another.
  expect(JSON.parse((await bed.cli('infra show')).stdout)).toMatchObject({ name: 'prod' });
  expect((await bed.cli('infra show --out text')).stdout).toContain('late-01  local');
  const recorded = async () =>
    (
      JSON.parse(await readFile(join(bed.infra, 'data', 'state.json'), 'utf8')) as {
        servers: Record<string, Listed>;
      }
    ).servers['late-01'];
  const begun = await must('server create late-01 --yes --direct --out text');
  expect(begun).toContain('Server created successfully');
  expect(begun).not.toMatch(/\[[\d.]+s\]/);
  expect(await recorded()).toMatchObject({ status: 'creating', id: expect.stringMatching(/./) });
  expect((await servers()).get('late-01')).toMatchObject({ status: 'running' });
  // The settings as they resolve, and how the last creation ended, in the format that is asked for.
  expect(await readFile(join(bed.infra, 'settings.yaml'), 'utf8')).toMatch(
    /^# generated by provisioning\nsettings:\n[^]*servers_wait_started: 40/,
  );
  const kept = JSON.parse(await readFile(join(bed.infra, 'results/server.create.json'), 'utf8')) as object;
  expect(kept).toMatchObject({
    ...{ command: 'server.create', infra: 'prod', mode: 'direct', state: 'completed' },
    operations: [{ name: 'late-01', type: 'server.create', status: 'Completed' }],
  });
  expect(JSON.stringify(kept)).not.toContain('seconds');
  expect(await recorded()).toMatchObject({ status: 'running' });
  expect(await must('server create late-01 --yes --direct --wait')).toContain('late-01');
  const again = await must('server create late-01 --yes --direct --out text');
  expect(again).toContain('Server late-01 already exists');
});

test('a load balancer follows a group; destroy takes it with the servers', async () => {
  const front = '[[network.load_balancers]]\nname = "front"\ntargets = ["web"]\n';
  await bed.define(`${definition('one')}${front}listeners = [{ port = 8091, target_port = 22 }]\n`);
  await must('deploy --yes --direct');
  const service = (await (await bed.open()).project.provider('local')).loadBalancer!;
  const behind = async () => (await service.list!()).map(({ targets = [] }) => targets.length);
  const before = (await behind())[0]!;
  const looked = await must(`server scale web --count ${before - 1} --check`);
  expect(looked).toContain('Load-balancer: front');
  await must(`server scale web --count ${before - 1} --yes --direct`);
  expect(await behind()).toEqual([before - 1]);
  // A run that fails takes back the load balancer it made, and only that one.
  const { project } = await bed.open();
  const node = (name: string, target: string, port: number, dependencies: string[]) => ({
    ...{ id: name, name, type: 'load-balancer.ensure', dependencies },
    input: {
      provider: 'local',
      balancer: {
        ...{ name, targets: [{ server: target, weight: 100 }] },
        listeners: [{ port, target_port: 22 }],
      },
    },
  });
  const graph = [node('made', 'db-01', 8092, []), node('broken', 'nobody', 8093, ['made'])];
  const ended = await runGraph(project, graph, { runId: 'balancers', rollback: true });
  expect(ended.map(({ status, error }) => [status, error?.code])).toEqual([
    ['completed', undefined],
    ['failed', 'SERVER_NOT_CREATED'],
  ]);
  expect((await service.list!()).map(({ name }) => name)).toEqual(['front']);
  expect(await must('destroy --check')).toContain('Load-balancer: front');
  await must('destroy --yes --direct');
  expect(await behind()).toEqual([]);
  expect([...(await servers()).keys()]).toEqual([]);
});
