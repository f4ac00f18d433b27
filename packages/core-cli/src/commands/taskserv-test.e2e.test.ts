import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CliBed } from '../testing/cli-bed.ts';
import { findProgram } from '../../../providers/local/src/engine/environment.ts';

/** `taskserv test` in real containers. */
let bed: CliBed;

beforeAll(async () => {
  bed = await CliBed.make('', { servers: true });
  // The base image is there once a server was made on this machine.
  await bed.define('[[servers]]\nhostname = "one"\nprovider = "local"\nos = "debian-12"\nmemory = 256\n');
  const made = await bed.cli('server create --yes --direct');
  if (made.code !== 0) throw new Error(made.stderr);
}, 300_000);

afterAll(async () => {
  remove('taskserv-test-redis');
  await bed?.[Symbol.asyncDispose]();
});

function remove(name: string): void {
  execFileSync('podman', ['rm', '--force', '--ignore', name], { stdio: 'ignore' });
}

function running(name: string): boolean {
  const format = ['--format', '{{.State.Running}}'];
  try {
    return (
      execFileSync('podman', ['inspect', ...format, name], { encoding: 'utf8', stdio: 'pipe' }).trim() ===
      'true'
    );
  } catch {
    return false;
  }
}

test('07.A10 test redis --keep: four tests, and the container remains', async () => {
  const { code, stdout } = await bed.cli('taskserv test redis --runtime podman --keep');
  expect(stdout).toContain('Taskserv Sandbox Testing\nTaskserv: redis\n');
  expect(stdout).toContain('→ Running pre-test validation...\n✓ Validation passed\n');
  expect(stdout).toContain('Using base image: ');
  expect(stdout).toContain('✓ Sandbox prepared: taskserv-test-redis\n');
  expect(stdout).toContain('Total tests: 4\nPassed: 4\nFailed: 0\nSkipped: 0\n');
  expect(stdout).toContain('packages redis-server can be installed');
  expect(stdout).toContain('ok: All tests passed');
  expect(code).toBe(0);
  expect(running('taskserv-test-redis')).toBe(true);
}, 180_000);

test('07.A10 full: installed for real, twice, removed and installed again; the container goes', async () => {
  const { stdout } = await bed.cli('taskserv test crun --test-type full --runtime podman --out json');
  const report = JSON.parse(stdout) as { tests: { status: string }[] };
  expect(report.tests.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(report).toMatchObject({ total: 6, passed: 6, kept: false, container: 'taskserv-test-crun' });
  expect(running('taskserv-test-crun')).toBe(false);
}, 300_000);

test('07.A10 without Docker or Podman: the stated error; native skips what needs a container', async () => {
  const tools = join(bed.folder, 'tools');
  await mkdir(tools);
  for (const name of ['sh', 'bash']) await symlink(findProgram(name, process.env.PATH)!, join(tools, name));
  bed.environment['PATH'] = tools;
  const { code, stderr } = await bed.cli('taskserv test redis');
  expect(code).toBe(1);
  expect(stderr).toContain('Docker or Podman is required (use --runtime native for limited testing)');
  expect(await bed.json('taskserv test redis --runtime native')).toMatchObject({
    total: 4,
    passed: 3,
    skipped: 1,
  });
  const unknown = await bed.cli('taskserv test redis --test-type nonsense');
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('Unknown test type: nonsense');
});
