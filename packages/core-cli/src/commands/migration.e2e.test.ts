import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Outcome, run } from '../../test/run.ts';

const git = async (...words: readonly string[]): Promise<string> =>
  (await promisify(execFile)('git', ['-C', join(folder, 'ws'), ...words])).stdout;

let folder: string;
let environment: Record<string, string>;
const at = (path: string): string => join(folder, 'ws', path);
const cli = (line: string): Promise<Outcome> =>
  run(line.split(' '), { environment, cwd: join(folder, 'ws') });
const registry = (): string => `--registry layout:${folder}/registry`;

async function extension(path: string, name: string, version: string): Promise<void> {
  const manifest = { name, type: 'taskserv', version, description: 'd', author: 'a', license: 'MIT' };
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'manifest.yaml'), JSON.stringify(manifest));
  await writeFile(join(path, 'README.md'), `# ${name}\n`);
}

/** A workspace with an extension of its own, one with an older manifest, and a loaded one. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-migration-'));
  environment = { HOME: folder, PATH: process.env['PATH']!, USER: 'ana' };
  const made = await run(['workspace', 'init', `${folder}/ws`, '--infra-name', 'prod', '--activate'], {
    environment,
    cwd: folder,
  });
  expect(made.code).toBe(0);
  await extension(at('extensions/taskservs/valkey'), 'valkey', '1.0.0');
  await mkdir(at('extensions/taskservs/older'));
  await writeFile(
    at('extensions/taskservs/older/extension.toml'),
    '[extension]\nname = "older"\nversion = "2.0.0"\ndescription = "d"\nauthor = "a"\nlicense = "MIT"\n',
  );
  await extension(join(folder, 'elsewhere/queue'), 'queue', '3.0.0');
  expect((await cli(`extension register ${folder}/elsewhere/queue taskserv`)).code).toBe(0);
  expect((await cli('module load taskserv ws queue')).code).toBe(0);
  await appendFile(
    at('infra/prod/servers.toml'),
    '\n[[servers]]\nhostname = "web-01"\nprovider = "local"\n[[servers.taskservs]]\nname = "valkey"\n[[servers.taskservs]]\nname = "os"\n',
  );
  await git('init', '-q');
  await git('add', '-A', '-f');
  await git('-c', 'user.name=ana', '-c', 'user.email=ana@example.org', 'commit', '-qm', 'before');
  await cp(at('.'), join(folder, 'before'), { recursive: true, verbatimSymlinks: true });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('09.A17 a dry run says what would happen and leaves the work tree clean', async () => {
  const shown = await cli(`migrate-to-oci ws --dry-run ${registry()} --out json`);
  expect(shown.code).toBe(0);
  const plan = JSON.parse(shown.stdout) as { modules: object[]; problems: object[] };
  expect(plan.problems).toEqual([]);
  expect(plan.modules).toMatchObject([
    { kind: 'taskserv', name: 'older', version: '2.0.0', action: 'missing' },
    { kind: 'taskserv', name: 'queue', version: '3.0.0', action: 'missing', place: '.taskservs/queue' },
    { kind: 'taskserv', name: 'valkey', version: '1.0.0', action: 'missing' },
  ]);
  expect(await git('status', '--porcelain')).toBe('');
  const refused = await cli(`migrate-to-oci ws ${registry()}`);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain('Not in the registry: older, queue, valkey');
  expect(await git('status', '--porcelain')).toBe('');
});

test('09.A17 migrated, validated, rolled back: the original files', async () => {
  const done = await cli(`workspace migrate-to-oci ws --publish ${registry()}`);
  expect([done.code, done.stderr]).toEqual([0, expect.any(String)]);
  expect(await readFile(at('config/extensions.lock.yaml'), 'utf8')).toContain('name: queue');
  const again = await cli('dep resolve --dry-run --out json');
  expect(JSON.parse(again.stdout)).toMatchObject({ installed: 0, updated: 0, unchanged: 3 });
  const valid = await cli('validate-migration ws');
  expect([valid.stdout, valid.code]).toEqual([expect.stringContaining('definitions'), 0]);
  const report = await cli('migration-report ws --output report.md');
  expect(report.code).toBe(0);
  expect(await readFile(at('report.md'), 'utf8')).toMatch(
    /\| taskserv\/valkey \| 1\.0\.0 \| publish \| layout:.*valkey:1\.0\.0 \| sha256:[0-9a-f]{64} \|/,
  );
  await rm(at('report.md'));

  await appendFile(at('infra/prod/servers.toml'), '# the same\n');
  expect((await cli('validate-migration ws')).code).toBe(0);
  await appendFile(at('infra/prod/servers.toml'), '[[servers]]\nhostname = "web-02"\nprovider = "local"\n');
  const changed = await cli('validate-migration ws');
  expect([changed.code, changed.stdout]).toEqual([
    1,
    expect.stringContaining('prod renders differently than before'),
  ]);
  await git('checkout', '-q', 'infra/prod/servers.toml');

  expect((await cli('rollback-migration ws')).code).toBe(0);
  expect(await git('status', '--porcelain', '--untracked-files=all')).toBe('');
  const unlike = await promisify(execFile)('diff', [
    '-r',
    ...['.git', '.workspace_backups', '.runtime', '.cache', '.provisioning'].flatMap((name) => ['-x', name]),
    join(folder, 'before'),
    at('.'),
  ]).catch((error: { stdout: string }) => error);
  expect(unlike.stdout).toBe('');
});

test('09.A17 a version that differs from the registry, or none at all, stops before anything changes', async () => {
  await writeFile(at('extensions/taskservs/valkey/README.md'), '# changed\n');
  const differs = await cli(`migrate-to-oci ws --publish ${registry()}`);
  expect(differs).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Version 1.0.0 of valkey differs from the registry'),
  });
  await git('checkout', '-q', 'extensions/taskservs/valkey/README.md');
  await writeFile(
    at('extensions/taskservs/older/extension.toml'),
    '[extension]\nname = "older"\ndescription = "d"\n',
  );
  const none = await cli(`migrate-to-oci ws --publish ${registry()}`);
  expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/older: .*version/) });
  await git('checkout', '-q', 'extensions/taskservs/older/extension.toml');
  expect(await git('status', '--porcelain')).toBe('');
});
