import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { program } from '../../test/sandbox.ts';
import { CliBed } from '../testing/cli-bed.ts';

/** Two infrastructures behind a real load balancer. The tests build on each other. */
let bed: CliBed;

const server = (name: string, rest = ''): string =>
  `[[servers]]\nhostname = "${name}"\nprovider = "local"\nos = "debian-12"\nmemory = 512\n${rest}`;

const blue = `${server('web-01')}
${server('lb-01', 'taskservs = ["haproxy"]')}
[taskservs.haproxy]
frontends = [{ name = "web", port = 80, backend = "sites" }]

[[taskservs.haproxy.backends]]
name = "sites"
servers = [
  { server = "web-01", port = 8080 },
  { server = "green/web-01-green", port = 8080 },
]
`;

/** Answers every request with its own name; Perl is on every Debian. */
const site = (name: string): string => `cat >/root/site <<'END'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 50, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { my $l = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\n${name}\\n"; close $c; }
END
systemd-run --quiet --unit=site perl /root/site`;

beforeAll(async () => {
  bed = await CliBed.make(blue, { servers: true });
  const green = join(bed.workspacePath, 'infra', 'green');
  await mkdir(green, { recursive: true });
  await writeFile(join(green, 'settings.toml'), server('web-01-green'));
  await must('deploy --yes --direct --infra green');
  await must('deploy --yes --direct');
  await bed.sh('web-01', site('blue'));
  await must(['server', 'exec', 'web-01-green', '--infra', 'green', '--', site('green')]);
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

/** How many of fifty requests each side answers. */
async function answers(): Promise<{ blue: number; green: number }> {
  const ask = `exec 3<>/dev/tcp/127.0.0.1/80; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3`;
  const lines = (await bed.sh('lb-01', `for i in $(seq 50); do bash -c '${ask}'; done`)).split('\n');
  const count = (name: string): number => lines.filter((line) => line.trim() === name).length;
  return { blue: count('blue'), green: count('green') };
}

const shares = async (): Promise<Record<string, number>> =>
  JSON.parse(await readFile(join(bed.infra, 'data', 'traffic.json'), 'utf8')) as Record<string, number>;

const line = 'network switch --from prod --to green --yes';

test('what is asked for is checked: infrastructures, steps, and something to switch', async () => {
  expect(await bed.cli('network switch --from prod --to nope --yes')).toMatchObject({ code: 5 });
  expect(await bed.cli(`${line} --steps 50,10`)).toMatchObject({ code: 2 });
  const looked = await must(`${line} --check`);
  expect(looked).toContain('Would switch: prod -> green on prod/lb-01');
  await expect(shares()).rejects.toThrow('ENOENT');
});

test('05.A17 a green side that fails at 50 % gets 10 % again, and the command exits 1', async () => {
  // As a process of its own, which is held while the server goes: whatever that takes, no interval passes.
  const child = spawn(process.execPath, [program, ...line.split(' '), '--interval', '3s'], {
    cwd: bed.infra,
    env: bed.environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  while ((await shares().catch(() => ({ green: 0 })))['green'] !== 10) await delay(50);
  while ((await shares())['green'] !== 50) await delay(50);
  child.kill('SIGSTOP');
  await must('server stop web-01-green --infra green --force --yes --direct');
  child.kill('SIGCONT');
  expect((await ended)[0]).toBe(1);
  const stderr = await said;
  expect(stderr).toMatch(/Traffic to green: 10 %\nTraffic to green: 50 %\n/);
  expect(stderr).not.toContain('90 %');
  expect(stderr).toContain('Health check failed at 50 %: web-01-green: the server is stopped');
  expect(stderr).toContain('green is back at 10 %');
  expect(await shares()).toEqual({ prod: 90, green: 10 });
  expect(await bed.sh('lb-01', 'grep -o "weight [0-9]*" /etc/haproxy/haproxy.cfg')).toBe(
    'weight 230\nweight 26\n',
  );
  // The next deploy keeps what was set.
  expect(await must('deploy --yes --direct')).toContain('Nothing to do');
});

test('a healthy green side gets all of the traffic', async () => {
  await must('server start web-01-green --infra green --yes --direct');
  await must(['server', 'exec', 'web-01-green', '--infra', 'green', '--', site('green')]);
  const shown = await must(`${line} --interval 1s --steps 50,100`);
  expect(shown).toContain('Traffic switched from prod to green');
  expect(await shares()).toEqual({ prod: 0, green: 100 });
  // The load balancer notices within a few seconds that the side that was down is there again.
  while ((await answers()).green !== 50) await delay(500);
  const back = await must('network switch --from green --to prod --yes --interval 1s --steps 20');
  expect(back).toContain('Traffic to prod: 20 %');
  expect(await answers()).toEqual({ blue: 10, green: 40 });
});

test('a load balancer of the provider goes with its servers, spreads traffic as a switch says, and is deleted', async () => {
  const front = (targets: string, more = ''): string => `${server('web-01')}${server('lb-01')}
[[network.load_balancers]]
name = "front"
targets = [${targets}]
listeners = [{ port = 8081, target_port = 8080 }${more}]
health_check = { interval = 1 }
`;
  await rm(join(bed.infra, 'data', 'traffic.json'), { force: true });
  await bed.define(front('"web-01", "green/web-01-green"'));
  expect(await must('deploy --check')).toContain('front');
  expect(await must('deploy --yes --direct')).toContain('Deployed prod');
  expect(await must('deploy --yes --direct')).toContain('Nothing to do');
  const { project } = await bed.open();
  const service = (await project.provider('local')).loadBalancer!;
  const [made] = await service.list!();
  expect(made).toMatchObject({ name: 'front', ports: [8081], targets: [{ weight: 100 }, { weight: 100 }] });
  const spread = async (): Promise<{ blue: number; green: number }> => {
    const ask = `exec 3<>/dev/tcp/${made!.address}/8081; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3`;
    const lines = (await bed.sh('lb-01', `for i in $(seq 20); do bash -c '${ask}'; done`)).split('\n');
    return {
      blue: lines.filter((line) => line.trim() === 'blue').length,
      green: lines.filter((line) => line.trim() === 'green').length,
    };
  };
  expect(await spread()).toEqual({ blue: 10, green: 10 });
  expect(await service.health(made!.id)).toEqual({ healthy: 2, total: 2 });

  expect(await must(`${line} --interval 1s --steps 75,100 --check`)).toContain('prod/front');
  expect(await must(`${line} --interval 1s --steps 75`)).toContain('Traffic to green: 75 %');
  expect(await spread()).toEqual({ blue: 5, green: 15 });
  // The next deploy keeps what was set, and a port that is added keeps the servers.
  expect(await must('deploy --yes --direct')).toContain('Nothing to do');
  await bed.define(front('"web-01", "green/web-01-green"', ', { port = 8082, target_port = 8080 }'));
  expect(await must('network update --yes --direct')).toContain('Network of prod is as defined');
  expect((await service.list!())[0]).toMatchObject({ name: 'front', ports: [8081, 8082] });

  expect(await must('network delete front --yes --direct')).toContain('Deleted front');
  expect(await service.list!()).toEqual([]);
});

test('a network is made once; its servers reach each other; rules say what is open', async () => {
  const group = 'security_groups = ["web"]\n';
  const net = `[network.vpc]
name = "main"
cidr = "10.123.0.0/16"
[[network.security_groups]]
name = "web"
rules = [
  { port = 22 },
  { port = "8000-9000", source = "192.0.2.0/24", action = "deny" },
  { port = "*", source = "0.0.0.0/0" },
  { port = 5432, action = "deny" },
]
`;
  await bed.define(`${server('web-01', group)}${server('lb-01')}${net}`);
  expect(await must('network show')).toContain('VPC: main (10.123.0.0/16)');
  const looked = await must('network create --check');
  expect(looked).toContain('local/main');
  expect(await must('network create --yes --direct')).toContain('local/main');
  expect(await must('network update --yes --direct')).toContain('the network is as defined');

  const rules = await bed.json<{ server: string; port: unknown }[]>('network security-groups');
  expect(rules.map(({ server: name, port }) => [name, port])).toEqual([
    ['web-01', 22],
    ['web-01', '8000-9000'],
    ['web-01', '*'],
    ['web-01', 5432],
  ]);
  expect(await must('network trace --from lb-01 --to web-01 --port 8080')).toContain('is open to lb-01');
  await bed.define(`${server('web-01', group)}${server('lb-01')}${net.replace('192.0.2.0/24', '0.0.0.0/0')}`);
  const blocked = await bed.cli('network trace --from lb-01 --to web-01 --port 8080');
  expect(blocked.code).toBe(1);
  expect(blocked.stdout).toContain('blocked by rule 2 of web-01: deny tcp 8000-9000 from 0.0.0.0/0');
  const unknown = net.replace('name = "web"', 'name = "other"');
  await bed.define(`${server('web-01', group)}${server('lb-01')}${unknown}`);
  const refused = await bed.cli('network show');
  expect(refused).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Unknown security group of web-01: web'),
  });

  await bed.define(`${server('web-01')}${server('lb-01')}`);
  const well = await bed.json<{ healthy: boolean; checks: { server: string; check: string }[] }>(
    'network test',
  );
  expect(well.healthy).toBe(true);
  expect(well.checks.map(({ server: name, check }) => `${name} ${check}`).sort()).toEqual([
    ...['lb-01 dns', 'lb-01 gateway', 'lb-01 reach web-01', 'lb-01 ssh'],
    ...['web-01 dns', 'web-01 gateway', 'web-01 reach lb-01', 'web-01 ssh'],
  ]);
  const whole = await bed.json<{ passed: boolean; tests: { status: string }[] }>('test all');
  expect(whole.passed).toBe(true);
  expect(whole.tests.map(({ status }) => status)).toEqual([
    'passed',
    'skipped',
    'passed',
    'skipped',
    'skipped',
  ]);
  await must('server stop lb-01 --force --yes --direct');
  const broken = await bed.cli('test all');
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/Server connectivity: lb-01[^]*2 of 5 tests failed/);
  const ill = await bed.cli('network test');
  expect(ill.code).toBe(1);
  expect(ill.stdout).toMatch(/web-01 +reach lb-01 +no answer from [\d.]+:22 within 3 s/);
});

test('volumes are made once; a snapshot brings a server back', async () => {
  const storage = (size: number): string =>
    `${server('web-01')}\n[[storage.volumes]]\nname = "pool"\nsize = ${size}\n`;
  await bed.define(storage(10));
  expect(await must('storage list')).toMatch(/pool +local +volume +10 GB +- +planned/);
  expect(await must('storage create --yes --direct')).toContain('volume pool');
  expect(await must('storage create --yes --direct')).toContain('volumes and buckets are as defined');
  expect(await bed.json('storage list')).toMatchObject([{ name: 'pool', size: 10, state: 'detached' }]);

  await bed.sh('web-01', 'echo before >/root/state');
  const { backup } = await bed.json<{ backup: string }>('storage backup web-01');
  await bed.sh('web-01', 'echo after >/root/state');
  expect(await bed.cli('storage restore web-01 --backup nope --yes')).toMatchObject({ code: 5 });
  expect(await must('storage restore web-01 --backup latest --check')).toContain('Would put web-01 back');
  await must(['storage', 'restore', 'web-01', '--backup', backup, '--yes']);
  expect(await bed.sh('web-01', 'cat /root/state')).toBe('before\n');
});

test('two infrastructures with nothing between them cannot be switched', async () => {
  await bed.define(server('web-01'));
  const refused = await bed.cli(line);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("No switchable endpoint between 'prod' and 'green'");
});
