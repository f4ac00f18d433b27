import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fromBytes, RegistryClient, RegistryServer, RemoteRepository } from '@provisioning/distribution';
import { writeChecksums } from '../../build/src/lines/checksums.ts';
import { type Ended, runProgram } from '../../build/src/testing/process.ts';

const program = join(import.meta.dirname, 'run.ts');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-release-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const step = (name: string, ...words: string[]): Promise<Ended> =>
  runProgram(process.execPath, [program, name, ...words], {
    environment: { ...process.env, CI: undefined, REGISTRY_TOKEN: 'a-token' },
  });

async function listen(
  handler: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, server };
}

test('11.A11 a bundle whose parts do not go together is refused, a good one gets its entry', async () => {
  const dist = join(folder, 'bundle');
  mkdirSync(dist);
  for (const file of ['core-3.2.1', 'platform-2.5.3', 'platform-2.3.0'])
    writeFileSync(join(dist, `provisioning-${file}.tar.gz`), file);
  const matrix = join(folder, 'compatibility.toml');
  const text = `# kept\nschema = 1\n[compatibility.core."3.2.1"]\nplatform = "^2.5"\n[compatibility.platform."2.5.3"]\ncore = "^3.0"\n`;
  writeFileSync(matrix, text);
  const words = ['x', '--core', '3.2.1', '--compatibility', matrix, '--dist-dir', dist];
  const refused = await step('create-bundle', ...words, '--platform', '2.3.0');
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain('Platform 2.3.0 is not compatible with core 3.2.1 (requires ^2.5)');
  expect(readFileSync(matrix, 'utf8')).toBe(text);
  expect(await step('create-bundle', ...words, '--platform', '2.5.3', '--workspace', '1.4.0')).toMatchObject({
    code: 1,
  });
  expect(await step('create-bundle', ...words, '--platform', '2.5.3')).toMatchObject({ code: 0 });
  const after = readFileSync(matrix, 'utf8');
  expect(after).toContain('# kept');
  expect(after).toMatch(
    /\[bundles\.x\]\nname = "x"\nrelease-date = "\d{4}-\d\d-\d\d"\ncore = "3\.2\.1"\nplatform = "2\.5\.3"/,
  );
  const lock = await runProgram('tar', ['xOzf', join(dist, 'provisioning-bundle-x.tar.gz'), 'bundle.json']);
  const digest = createHash('sha256').update('core-3.2.1').digest('hex');
  expect(JSON.parse(lock.stdout)).toMatchObject({ lock: { core: { version: '3.2.1', sha256: digest } } });
}, 60_000);

test('11.A13 a release is refused before anything happens; a dry run changes nothing', async () => {
  const clone = join(folder, 'clone');
  mkdirSync(clone);
  const git = async (...words: string[]): Promise<string> => {
    const done = await runProgram('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], {
      cwd: clone,
    });
    expect(done).toMatchObject({ code: 0 });
    return done.stdout;
  };
  await git('init', '--quiet', '--initial-branch', 'main');
  const write = (path: string, text: string): void => {
    mkdirSync(join(clone, path, '..'), { recursive: true });
    writeFileSync(join(clone, path), text);
  };
  const commit = async (message: string): Promise<void> => {
    await git('add', '.');
    await git('commit', '--quiet', '--message', message);
  };
  for (const [name, layer] of [
    ['core', 'domain'],
    ['orchestrator', 'service'],
  ]) {
    const json = { name, version: '1.0.0', nx: { tags: [`layer:${layer}`] } };
    write(`packages/${name}/package.json`, JSON.stringify(json));
  }
  await commit('feat: begin');
  await git('tag', '--annotate', 'v2.1.0', '--message', 'two one');
  write('packages/core/file', '2');
  write('packages/orchestrator/file', '2');
  await commit('fix(core): mend it');
  const state = () =>
    Promise.all([git('rev-parse', 'HEAD'), git('tag', '--list'), git('status', '--porcelain')]);
  const before = await state();
  const release = (...words: string[]) => step('release', '--root', clone, ...words);
  expect(await release('--version', '2.1')).toMatchObject({ code: 2 });
  expect(await release()).toMatchObject({ code: 2, stderr: expect.stringContaining('VERSION is required') });
  expect(await release('--version', '2.1.0')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('v2.1.0 exists'),
  });
  expect(await release('--version', '2.0.9')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not greater'),
  });
  const dry = await release('--release-type', 'minor', '--dry-run', '--push-tag', '--upload');
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.stdout).toContain('Release v2.2.0 after 2.1.0');
  expect(dry.stdout).toContain('### Fixes\n\n- mend it');
  expect(await state()).toEqual(before);
  await git('tag', '--annotate', 'core/v2.1.1', '--message', 'the core');
  const line = await release('--release-type', 'patch', '--dry-run');
  expect(line.stdout).toContain('Release platform/v2.1.1 after 2.1.0');
  const whole = await release('--release-type', 'patch', '--line', 'all', '--dry-run');
  expect(whole.stdout).toContain('Release v2.1.2 after 2.1.1');
  expect(whole.stdout).toContain('- mend it');
  await git('tag', '--annotate', 'platform/v2.1.1', '--message', 'the platform');
  write('README.md', 'of no line');
  await commit('docs: tell');
  expect(await release('--version', '2.2.0', '--dry-run')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('No line changed since its last tag'),
  });
  const named = await release('--version', '2.2.0', '--line', 'core', '--dry-run');
  expect(named.stdout).toContain('Release core/v2.2.0 after 2.1.1');
  write('examples/one', '1');
  await commit('feat: an example');
  const example = await release('--version', '2.2.0', '--dry-run');
  expect(example.stdout).toContain('Release workspace/v2.2.0 after 2.1.0');
  write('packages/core/file', '3');
  expect(await release('--version', '2.2.0', '--dry-run')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('has changes'),
  });
}, 240_000);

/** A forge as far as releases go; it fails the next `failures` uploads after taking them in part. */
class TestForge {
  readonly assets: { id: number; name: string; size: number; digest: string }[] = [];
  draft: boolean | undefined;
  failures = 0;
  attempts = 0;
  unauthorized = false;
  url = '';
  #server: Server | undefined;

  async start(): Promise<void> {
    const { url, server } = await listen((request, body, response) => this.#answer(request, body, response));
    this.url = url;
    this.#server = server;
  }

  stop(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  #answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url!, this.url);
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const release = {
      id: 1,
      tag_name: 'v9.9.9',
      draft: this.draft,
      upload_url: `${this.url}/upload/1/assets{?name,label}`,
      assets: this.assets,
    };
    if (this.unauthorized || request.headers.authorization !== 'Bearer a-token') send(401, { message: 'no' });
    else if (pathname.startsWith('/upload/')) {
      this.attempts += 1;
      if (this.failures > 0) {
        this.failures -= 1;
        send(502, { message: 'try again' });
        return;
      }
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      const asset = {
        id: this.assets.length + 1,
        name: searchParams.get('name')!,
        size: body.length,
        digest,
      };
      this.assets.push(asset);
      send(201, asset);
    } else if (pathname.endsWith('/assets')) send(200, this.assets);
    else if (request.method === 'POST') {
      this.draft = true;
      send(201, { ...release, draft: true });
    } else if (request.method === 'PATCH') {
      this.draft = (JSON.parse(body.toString()) as { draft: boolean }).draft;
      send(200, release);
    } else send(200, this.draft === undefined ? [] : [release]);
  }
}

describe('upload-artifacts', () => {
  const forge = new TestForge();
  let dist: string;
  let config: string;

  beforeAll(async () => {
    await forge.start();
    dist = join(folder, 'assets');
    mkdirSync(dist);
    writeFileSync(join(dist, 'provisioning-core-9.9.9.tar.gz'), 'core');
    await writeChecksums(dist);
    config = join(folder, 'forge.toml');
    writeFileSync(
      config,
      `[forge]\napi = "${forge.url}"\nrepository = "o/r"\ntoken_env = "REGISTRY_TOKEN"\n`,
    );
  });
  afterAll(() => forge.stop());

  const upload = () =>
    step(
      'upload-artifacts',
      '--version',
      '9.9.9',
      '--dist-dir',
      dist,
      '--config',
      config,
      '--backoff-delay',
      '0.01',
    );

  test('11.A14 a server that fails six times: exit 1, the release stays a draft', async () => {
    forge.failures = 6;
    const failed = await upload();
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('502') });
    expect({ draft: forge.draft, attempts: forge.attempts }).toEqual({ draft: true, attempts: 6 });
  }, 60_000);

  test('11.A14 a server that fails three times: the fourth attempt succeeds, a rerun continues the draft', async () => {
    forge.failures = 3;
    forge.attempts = 0;
    const done = await upload();
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('4 uploaded') });
    expect(forge.attempts).toBe(3 + 4);
    expect(forge.draft).toBe(false);
    expect(forge.assets.map(({ name }) => name)).toContain('checksums.txt');
    expect(await upload()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 uploaded, 4 there already'),
    });
  }, 60_000);

  test('wrong credentials are no reason to try again: exit 4', async () => {
    forge.unauthorized = true;
    const refused = await upload();
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('gh auth refresh') });
    expect(refused.stderr).not.toContain('a-token');
  }, 60_000);
});

describe('rollback-release', () => {
  let releases: string;
  let config: string;
  let registry: RegistryServer;
  let repository: RemoteRepository;

  beforeAll(async () => {
    releases = join(folder, 'releases');
    registry = new RegistryServer({ storage: join(folder, 'registry'), port: 0 });
    const { port } = await registry.listen();
    repository = new RemoteRepository(new RegistryClient(`127.0.0.1:${port}`), 'provisioning-core');
    config = join(folder, 'rollback.toml');
    writeFileSync(
      config,
      `[releases]\nfolder = "${releases}"\n[oci]\nregistry = "127.0.0.1:${port}"\nrepositories = ["provisioning-core"]\n`,
    );
    for (const version of ['2.0.5', '2.1.0']) {
      const dist = join(folder, `dist-${version}`);
      mkdirSync(dist);
      writeFileSync(join(dist, `provisioning-core-${version}.tar.gz`), `core ${version}`);
      await writeChecksums(dist);
      expect(
        await step('update-registry', '--version', version, '--dist-dir', dist, '--config', config),
      ).toMatchObject({ code: 0 });
      const manifest = Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType: index, manifests: [], annotations: { version } }),
      );
      const descriptor = { mediaType: index, digest: sha256(manifest), size: manifest.length } as const;
      await repository.push(descriptor, fromBytes(manifest));
      for (const tag of [`v${version}`, 'latest']) await repository.tag(descriptor, tag);
    }
  }, 60_000);
  afterAll(() => registry.close());

  const index = 'application/vnd.oci.image.index.v1+json';
  const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as const;
  const rollback = (...words: string[]) =>
    step(
      'rollback-release',
      '--from-version',
      '2.1.0',
      '--to-version',
      '2.0.5',
      '--config',
      config,
      ...words,
    );
  const latest = (): string => readFileSync(join(releases, 'latest'), 'utf8').trim();
  const core = () =>
    (
      JSON.parse(readFileSync(join(releases, 'index.json'), 'utf8')) as {
        lines: { core: { latest: string; versions: Record<string, unknown> } };
      }
    ).lines.core;

  test('11.A15 a corrupted target is refused, in an emergency too', async () => {
    const file = join(releases, '2.0.5/provisioning-core-2.0.5.tar.gz');
    const good = readFileSync(file);
    appendFileSync(file, '!');
    const refused = await rollback('--emergency');
    writeFileSync(file, good);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Checksum mismatch for provisioning-core-2.0.5'),
    });
    expect(latest()).toBe('2.1.0');
    expect(core().versions['2.1.0']).toEqual({});
  }, 60_000);

  test('11.A15 without a staging run on record only an emergency goes on', async () => {
    expect(await rollback()).toMatchObject({ code: 1, stderr: expect.stringContaining('No staging run') });
    writeFileSync(join(releases, '2.0.5/test-dist.json'), JSON.stringify({ passed: true }));
    const dry = await rollback('--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('latest is 2.0.5') });
    expect(latest()).toBe('2.1.0');
  }, 60_000);

  test('11.A15 latest points back everywhere, the withdrawn version can still be had', async () => {
    expect(await rollback('--security-issue')).toMatchObject({ code: 0 });
    expect(latest()).toBe('2.0.5');
    expect(core()).toMatchObject({
      latest: '2.0.5',
      versions: {
        '2.1.0': { withdrawn: true, insecure: true, notes: expect.stringContaining('2.0.5') },
        '2.0.5': {},
      },
    });
    expect(readFileSync(join(releases, '2.1.0/provisioning-core-2.1.0.tar.gz'), 'utf8')).toBe('core 2.1.0');
    const [now, old, withdrawn] = await Promise.all(
      ['latest', 'v2.0.5', 'v2.1.0'].map((tag) => repository.resolve(tag)),
    );
    expect(now!.digest).toBe(old!.digest);
    expect(withdrawn!.digest).not.toBe(old!.digest);
    // Every step may be repeated.
    expect(await rollback('--security-issue')).toMatchObject({ code: 0 });
    const audit = readFileSync(join(releases, 'audit.jsonl'), 'utf8').trim().split('\n');
    expect(audit.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { event: 'rollback', to: '2.0.5', failed: [] },
      {},
    ]);
  }, 60_000);

  test('a published version is never replaced', async () => {
    const dist = join(folder, 'dist-2.1.0');
    writeFileSync(join(dist, 'provisioning-core-2.1.0.tar.gz'), 'other');
    await writeChecksums(dist);
    const refused = await step(
      'update-registry',
      '--version',
      '2.1.0',
      '--dist-dir',
      dist,
      '--config',
      config,
    );
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('never replaced') });
  }, 60_000);
});

test('11.A19 a channel that fails keeps nobody else from hearing of it', async () => {
  const heard: string[] = [];
  const { url, server } = await listen((request, body, response) => {
    if (request.url === '/broken') response.writeHead(500).end();
    else {
      heard.push(`${request.url!} ${body.toString()}`);
      response.writeHead(204).end();
    }
  });
  try {
    const config = join(folder, 'channels.toml');
    const channel = (name: string, type: string, path: string) =>
      `[[channels]]\nname = "${name}"\ntype = "${type}"\nurl = "${url}${path}"\n`;
    writeFileSync(
      config,
      [
        channel('chat', 'slack', '/slack'),
        channel('broken', 'discord', '/broken'),
        channel('hook', 'webhook', '/hook'),
      ].join(''),
    );
    const told = await step('notify-release', '--version', '2.1.0', '--config', config, '--urgent');
    expect(told).toMatchObject({
      code: 1,
      stdout: 'ok chat\nok hook\n',
      stderr: expect.stringContaining('failed broken: answered 500'),
    });
    expect(heard.sort()).toEqual([
      expect.stringMatching(/^\/hook .*"version":"2\.1\.0"/),
      expect.stringMatching(/^\/slack .*\[urgent\] provisioning 2\.1\.0 is out/),
    ]);
    expect(
      await step('notify-release', '--version', '2.1.0', '--config', config, '--channels', 'slack'),
    ).toMatchObject({ code: 0 });
  } finally {
    server.close();
  }
}, 60_000);
