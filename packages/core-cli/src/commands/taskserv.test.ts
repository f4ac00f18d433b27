import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findProgram } from '../../../providers/local/src/engine/environment.ts';
import { CliBed } from '../testing/cli-bed.ts';

/** Commands on taskservs that contact no server. */
let bed: CliBed;
let github: Server;
let limited = false;

beforeAll(async () => {
  bed = await CliBed.make(
    '[[servers]]\nhostname = "dev-server-01"\nprovider = "aws"\ntaskservs = ["kubernetes"]\n',
  );
  github = createServer((request, response) => {
    if (limited) return void response.writeHead(403).end('{"message":"API rate limit exceeded"}');
    const releases = [
      {
        tag_name: 'v1.12.0',
        published_at: '2026-02-10T00:00:00Z',
        body: '## Changes\n- faster\n- fixes CVE-2026-1234\n## Breaking changes\n- no lists',
      },
      { tag_name: 'v1.11.1', body: '', published_at: '2026-01-01T00:00:00Z' },
    ];
    const body = releases.map((release) => ({ ...release, draft: false, prerelease: false }));
    response.writeHead(200).end(JSON.stringify(request.url?.includes('coredns') ? body : []));
  });
  await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
  bed.environment['GITHUB_API_URL'] = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
});

afterAll(async () => {
  github.close();
  await bed[Symbol.asyncDispose]();
});

async function everyFile(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

test('07.A1 create kubernetes --check without network: what would be installed, exit 0, nothing written', async () => {
  const before = await everyFile(bed.folder);
  const { code, stdout, stderr } = await bed.cli('taskserv create kubernetes --infra prod --check');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('ok: Validation passed\nwarning: Check mode: No changes will be made\n');
  expect(stdout).toContain('\nWould install:\n  - Kubernetes v1.28.0\n');
  expect(stdout).toMatch(/ {2}- Required dependencies: .*containerd.*etcd/);
  expect(stdout).toContain('  - On servers: dev-server-01\n');
  expect(await everyFile(bed.folder)).toEqual(before);
  const json = await bed.json<object>('taskserv create kubernetes --check');
  expect(json).toMatchObject({
    check_mode: true,
    action: 'install',
    service: 'kubernetes',
    version: '1.28.0',
    would_install: true,
    requirements_met: true,
    changes: expect.arrayContaining(['dev-server-01/containerd', 'dev-server-01/kubernetes']) as unknown,
  });
  const long = await bed.cli('taskserv create kubernetes dev-server-01 --check --verbose');
  expect(long.stdout).toContain('Check Mode: kubernetes on dev-server-01\n→ Running static validation...');
  expect(long.stdout).toContain('Check mode - SSH not tested');
});

test('01.A14 a list in brackets, as one word or split by the shell, plans three taskservs', async () => {
  const plan = /Would install:\n {2}- Containerd v\S+\n {2}- Kubernetes v\S+\n {2}- Cilium v\S+\n/i;
  for (const list of [['[containerd', 'kubernetes', 'cilium]'], ['[containerd, kubernetes, cilium]']]) {
    const { code, stdout, stderr } = await bed.cli([
      'taskserv',
      'create',
      ...list,
      'dev-server-01',
      '--check',
    ]);
    expect(`${stdout}${stderr}`).toMatch(plan);
    expect(code).toBe(0);
  }
});

test('01 §7 an argument that the command itself misses is said with the usage', async () => {
  for (const verb of ['status', 'health', 'create']) {
    const { code, stdout, stderr } = await bed.cli(`taskserv ${verb}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/Missing required argument: taskserv\n +Usage: provisioning taskserv /);
    expect(stderr).toContain(`taskserv ${verb} [taskserv`);
  }
});

test('07.A3 an unknown taskserv: the list, the nearest one first, exit 5', async () => {
  const { code, stdout, stderr } = await bed.cli('taskserv create kubernets');
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toMatch(/Unknown taskserv: kubernets\n\n *Available taskservs:\n *- kubernetes\n/);
  expect(stderr).toContain("Use 'provisioning taskserv list' to see all available taskservs");
  expect(stderr).toContain('Did you mean: kubernetes?');
});

test('07 §5.2 each taskserv goes where its definition has it; without a place nobody guesses', async () => {
  const second = '[[servers]]\nhostname = "db-01"\nprovider = "aws"\ntaskservs = ["redis"]\n';
  const settings = join(bed.infra, 'settings.toml');
  const before = await readFile(settings, 'utf8');
  await bed.define(
    `${before}${second}[taskservs.kubernetes.nodes]\ncontrol_plane = ["dev-server-01"]\nworkers = ["db-01"]\n`,
  );
  const planned = async (line: string): Promise<string[]> =>
    (await bed.json<{ changes: string[] }>(line)).changes.filter((name) => !name.endsWith('/os'));
  expect(await planned('taskserv create kubectl redis --servers db-01 --check')).toEqual([
    'db-01/kubectl',
    'db-01/redis',
  ]);
  const both = await planned('taskserv create kubernetes redis --check');
  expect(both).toContain('dev-server-01/kubernetes');
  expect(both).toContain('db-01/redis');
  expect(both).toContain('db-01/k8s-nodejoin');
  expect(both).not.toContain('dev-server-01/redis');
  expect(both).not.toContain('db-01/kubernetes');
  const joined = await planned('taskserv create kubernetes --workers-only --check');
  expect(joined).toContain('db-01/k8s-nodejoin');
  expect(joined.some((name) => name.startsWith('dev-server-01/'))).toBe(false);
  expect(await planned('taskserv create kubernetes --control-plane-only --check')).not.toContain(
    'db-01/k8s-nodejoin',
  );
  expect(await bed.cli('taskserv create redis --workers-only --check')).toMatchObject({ code: 2 });

  const refused = await bed.cli('taskserv create os nginx');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("No server of 'prod' has os, nginx in its definition; name the servers");
  expect(refused.stderr).toContain('--yes on all that can have it: dev-server-01, db-01');
  const all = await bed.cli('taskserv create nginx --yes --check');
  expect(all.stderr).toContain('--yes installs it on dev-server-01, db-01');
  await bed.define(before);
});

test('07.A5 a cycle and a missing dependency are told before anything is done', async () => {
  const manifest = (name: string, needs: string): string =>
    `name: ${name}\ntype: taskserv\nversion: 1.0.0\ndependencies: {${needs}: '*'}\n`;
  await bed.taskserv('ring-a', { 'manifest.yaml': manifest('ring-a', 'ring-b') });
  await bed.taskserv('ring-b', { 'manifest.yaml': manifest('ring-b', 'ring-a') });
  await bed.taskserv('lonely', { 'manifest.yaml': manifest('lonely', 'nowhere') });
  const cycle = await bed.cli('taskserv create ring-a --check');
  expect(cycle.code).toBe(3);
  expect(cycle.stderr).toContain('Circular dependency detected: ring-a → ring-b → ring-a');
  const missing = await bed.cli('taskserv create lonely --check');
  expect(missing.code).toBe(5);
  expect(missing.stderr).toContain('Dependency not found: nowhere');
  expect(missing.stderr).toContain('provisioning module load taskserv');
  const report = await bed.cli('taskserv check-deps lonely');
  expect(report.code).toBe(1);
  expect(report.stdout).toContain('Status: INVALID');
});

test('07.A9 validate: sound, a broken template with file and line, and a warning without shellcheck', async () => {
  const sound = await bed.json<object>('taskserv validate kubernetes --level static');
  expect(sound).toMatchObject({ taskserv: 'kubernetes', level: 'static', valid: true });
  const manifest =
    'name: broken\ntype: taskserv\nversion: 1.0.0\ninstall: {files: [{template: a.hbs, path: /etc/a}]}\n';
  await bed.taskserv('broken', {
    'manifest.yaml': manifest,
    'default/a.hbs': 'one\n{{#if config.x}}\nnever closed\n',
  });
  const broken = await bed.cli('taskserv validate broken');
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/a\.hbs:\d+/);
  expect(broken.stdout).toContain('INVALID - ');
  expect((await bed.cli('taskserv validate redis --level nonsense')).code).toBe(2);

  const tools = join(bed.folder, 'tools');
  await mkdir(tools);
  for (const name of ['sh', 'bash']) await symlink(findProgram(name, process.env.PATH)!, join(tools, name));
  const path = bed.environment['PATH']!;
  bed.environment['PATH'] = tools;
  const without = await bed.cli('taskserv validate redis --level static');
  bed.environment['PATH'] = path;
  expect(without.code).toBe(0);
  expect(without.stdout).toContain('shellcheck not found - script validation limited');
});

test('07.A11 check-updates: a table, cached values over a rate limit, unknown without a cache', async () => {
  const folder = join(bed.infra, 'data', 'taskservs');
  await mkdir(folder, { recursive: true });
  const current = { version: '1.11.1', installed_version: '1.11.1', profile: 'default', config: {} };
  const entry = { current: { ...current, installed_at: '2026-01-01T00:00:00Z' }, previous: [] };
  await writeFile(
    join(folder, 'dev-server-01.json'),
    JSON.stringify({ coredns: entry, redis: { ...entry, current: { ...entry.current, version: '7.0' } } }),
  );
  const table = await bed.cli('taskserv check-updates --out table');
  expect(table.code).toBe(0);
  expect(table.stdout).toMatch(/NAME +SERVER +CURRENT +LATEST +STATUS/);
  expect(table.stdout).toMatch(/coredns +dev-server-01 +1\.11\.1 +1\.12\.0 +update available \(security\)/);
  expect(table.stdout).toContain('Updates available: 1');
  const one = await bed.cli('taskserv check-updates coredns');
  expect(one.stdout).toContain('Changelog:\n  • faster\n  • fixes CVE-2026-1234\n');
  expect(one.stdout).toContain('Breaking Changes:\n  • no lists\n');
  expect(one.stdout).toContain('Test in staging first');
  expect(await bed.json('taskserv check-updates coredns')).toMatchObject([
    {
      service: 'coredns',
      latest_version: '1.12.0',
      update_available: true,
      security: true,
      target: 'dev-server-01',
    },
  ]);
  expect(await bed.json('taskserv versions coredns')).toMatchObject([
    { version: '1.12.0', source: 'publisher' },
    { version: '1.11.1', installed_on: ['dev-server-01'], default: true },
  ]);
  const plan = await bed.json<{ order: string[]; total_minutes: number }>('plan update');
  expect(plan).toMatchObject({ order: ['coredns'], total_minutes: 5 });
  const lines = (await bed.cli('plan update')).stdout;
  expect(lines).toMatch(/Phase 2: [^\n]*\n {2}- coredns: 1\.11\.1 → 1\.12\.0 \(estimated 5 minutes\)\n/);
  expect(lines).toContain('- redis: No update needed');
  const updates = await bed.json('version updates');
  expect(updates).toContainEqual(
    expect.objectContaining({ component: 'coredns', days_old: 40, status: 'update' }),
  );
  const releases = join(bed.folder, 'releases');
  await mkdir(releases);
  await writeFile(
    join(releases, 'index.json'),
    JSON.stringify({ lines: { core: { versions: { '1.0.0': {}, '99.1.0': {} } } } }),
  );
  const product = { component: 'provisioning', server: null };
  const unasked = await bed.cli('version check --out json');
  expect((JSON.parse(unasked.stdout) as object[])[0]).toMatchObject({ ...product, status: 'unknown' });
  expect(unasked.stderr).toMatch(
    /newest version of provisioning is unknown: .*Set PROVISIONING_RELEASES_URL to where releases are, or update with: /,
  );
  bed.environment['PROVISIONING_RELEASES_URL'] = releases;
  const checked = await bed.json<object[]>('version check');
  delete bed.environment['PROVISIONING_RELEASES_URL'];
  expect(checked[0]).toMatchObject({ ...product, latest: '99.1.0', status: 'update (major)' });
  expect(checked.slice(1)).toEqual(updates);
  const info = await bed.cli('version taskserv coredns');
  expect(info.stdout).toContain('Installed: 1.11.1\nLatest: 1.12.0\nStatus: Update available\n');

  limited = true;
  const cache = join(bed.environment['XDG_CACHE_HOME']!, 'provisioning', 'versions', 'coredns.json');
  const known = JSON.parse(await readFile(cache, 'utf8')) as { at: number };
  await writeFile(cache, JSON.stringify({ ...known, at: known.at - 7_200_000 }));
  const cached = await bed.cli('taskserv check-updates');
  expect(cached.code).toBe(0);
  expect(cached.stdout).toMatch(/1\.12\.0 \(cached 2h\)/);
  await rm(cache);
  const unknown = await bed.cli('taskserv check-updates coredns');
  expect(unknown).toMatchObject({ code: 0 });
  expect(unknown.stdout).toContain('Latest: unknown');
});

test('07.A19 linkerd brings cert-manager before it; traefik with lets_encrypt needs an e-mail address', async () => {
  const { would } = await bed.json<{ would: { name: string }[] }>('taskserv create linkerd --check');
  const names = would.map(({ name }) => name.split('/')[1]);
  expect(names).toContain('cert-manager');
  expect(names.indexOf('cert-manager')).toBeLessThan(names.indexOf('linkerd'));
  expect(names.indexOf('kubernetes')).toBeLessThan(names.indexOf('cert-manager'));
  const file = join(bed.folder, 'traefik.toml');
  await writeFile(file, 'lets_encrypt = true\n');
  const refused = await bed.cli(['taskserv', 'create', 'traefik', '--check', '--config', file]);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('lets_encrypt_email');
  await writeFile(file, 'lets_encrypt = true\nlets_encrypt_email = "ops@example.org"\n');
  expect((await bed.cli(['taskserv', 'create', 'traefik', '--check', '--config', file])).code).toBe(0);
});

test('generate writes every setting into the infrastructure, once, and the definition takes it', async () => {
  const { code, stdout } = await bed.cli('taskserv generate redis --profile production');
  expect(code).toBe(0);
  expect(stdout).toContain('ok: Generated Redis configuration (version 7.0)\nSaved to: ');
  const text = await readFile(join(bed.infra, 'taskservs', 'redis.toml'), 'utf8');
  expect(text).toContain('maxmemory_policy = "noeviction"');
  const again = await bed.cli('taskserv generate redis');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('There is a file already');
  expect((await bed.cli('taskserv create redis --check')).code).toBe(0);
  expect((await bed.cli('taskserv check-migration redis --from 7.0 --to 7.2')).stdout).toContain(
    'Migration Required: ok: No',
  );
});

test('07 §6 list --versions --all, show --detailed, generate --template --servers', async () => {
  await mkdir(join(bed.workspacePath, 'extensions/taskservs/future'), { recursive: true });
  await writeFile(
    join(bed.workspacePath, 'extensions/taskservs/future/manifest.yaml'),
    "name: future\ntype: taskserv\nversion: 1.0.0\ncompatibility: { provisioning: '>=99' }\n",
  );
  interface Row {
    readonly name: string;
    readonly status: string;
    readonly versions?: readonly string[];
    readonly reason?: string;
  }
  const plain = await bed.json<Row[]>('taskserv list');
  expect(plain.find(({ name }) => name === 'redis')).not.toHaveProperty('versions');
  expect(plain.map(({ name }) => name)).not.toContain('future');
  const all = await bed.json<Row[]>('taskserv list --versions --all --search redis');
  expect(all.find(({ name }) => name === 'redis')?.versions).toEqual(['7.0', '7.0.x', '7.2.x']);
  expect(all.find(({ name }) => name === 'future')).toMatchObject({
    status: 'incompatible',
    reason: expect.stringContaining('needs provisioning >=99') as unknown,
  });
  expect((await bed.cli('taskserv list --all')).stdout).toContain('needs provisioning >=99');
  await rm(join(bed.workspacePath, 'extensions/taskservs/future'), { recursive: true });

  const refused = await bed.cli('taskserv generate redis --template production-kubernetes --output x.toml');
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining('says nothing of taskserv redis'),
  ]);
  expect((await bed.cli('taskserv generate redis --template nope --output x.toml')).code).toBe(5);
  const made = await bed.cli(
    'taskserv generate kubernetes --template production-kubernetes --servers dev-server-01',
  );
  expect(made.stderr).toBe('');
  const file = join(bed.infra, 'taskservs', 'kubernetes.toml');
  const text = await readFile(file, 'utf8');
  expect(text).toContain('1.30.0');
  expect(text).toMatch(/control_plane = \[ ?"dev-server-01" ?\]/);

  const shown = await bed.cli('taskserv show kubernetes --detailed');
  expect(shown.stdout).toMatch(/Installation:\n {2}Versions: +1\.28\.0/);
  expect(shown.stdout).toContain('Servers: dev-server-01');
  expect(shown.stdout).toContain('nodes.control_plane = ["dev-server-01"] (infrastructure)');
  const detailed = await bed.json<{ servers: string[]; config: { path: string; layer: string }[] }>(
    'taskserv show kubernetes --detailed',
  );
  expect(detailed.servers).toEqual(['dev-server-01']);
  expect(detailed.config).toContainEqual(
    expect.objectContaining({ path: 'cri', layer: expect.any(String) as unknown }),
  );
  expect(await bed.json<object>('taskserv show kubernetes')).not.toHaveProperty('servers');
  await rm(file);
});

test('07 §5 install-self: what the MCP server recommends is used as far as it fits; without one the defaults hold', async () => {
  const asked: unknown[] = [];
  const mcp = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push([request.url, JSON.parse(body)]);
      const settings = [
        { key: 'retention', value: '30d', reason: 'two weeks are little' },
        { key: 'scrape_interval', value: 7, reason: 'wrong on purpose' },
        { key: 'unheard_of', value: 1 },
      ];
      response.end(JSON.stringify({ content: [], structured: { settings }, is_error: false }));
    });
  });
  await new Promise<void>((resolve) => mcp.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(mcp.address() as AddressInfo).port}`;
  try {
    const { code, stderr } = await bed.cli(`taskserv install-self prometheus --check --mcp-url ${url}`);
    expect(code).toBe(0);
    expect(asked).toEqual([
      ['/tools/recommend_resources', { workload: 'prometheus', mode: expect.any(String) as unknown }],
    ]);
    expect(stderr).toContain('prometheus.retention = "30d" (two weeks are little)');
    expect(stderr).toContain('Recommendation left out: ');
    expect(stderr).not.toContain('unheard_of');
  } finally {
    await new Promise((resolve) => mcp.close(resolve));
  }
  const alone = await bed.cli(`taskserv install-self prometheus --check --mcp-url ${url}`);
  expect(alone.code).toBe(0);
  expect(alone.stderr).toContain(`No recommendations from ${url}`);
  expect(alone.stderr).toContain('the defaults of prometheus are used');
});

test('meshes: combinations to choose from, and the guided way from one to another', async () => {
  expect((await bed.cli('taskserv suggest-mesh')).stdout).toContain('linkerd+nginx (default)');
  const steps = await bed.cli('taskserv check-migration istio --to linkerd');
  expect(steps.stdout).toContain('  1. Install linkerd beside istio\n');
  expect(await bed.cli('taskserv check-migration istio --to redis')).toMatchObject({ code: 2 });
});

test('07 §6 security fixes are for everything that was installed; categories have the names people know', async () => {
  // CoreDNS was installed in a test above: nothing has to be named, and its server is asked, which needs credentials here.
  const { code, stderr } = await bed.cli('taskserv update --security-patches');
  expect([code, stderr]).toEqual([4, expect.stringContaining('Provider error [aws]: API key not found')]);
  const { stdout } = await bed.cli('taskserv list --category database --out json');
  expect((JSON.parse(stdout) as { category: string }[]).map(({ category }) => category)).toContain(
    'databases',
  );
});
