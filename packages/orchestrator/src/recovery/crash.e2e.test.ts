import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { bundled } from '../testing/bundled.fixture.ts';
import { effects } from '../testing/file-provider.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';

// The fixture starts a hundred times: it is one file, and Node keeps what it has compiled.
const compiled = mkdtempSync(join(tmpdir(), 'provisioning-crash-compiled-'));
const fixture = bundled(fileURLToPath(new URL('crash.fixture.ts', import.meta.url)), compiled);
const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-crash-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the fixture; kills it `after` ms after it has accepted the workflow. @returns whether it came to its end */
function run(after?: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--no-warnings', fixture, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = output.includes('accepted');
    output += text;
    if (after !== undefined && !before && output.includes('accepted'))
      setTimeout(() => child.kill('SIGKILL'), after);
  });
  return new Promise((resolve) => child.on('exit', () => resolve(output.includes('finished'))));
}

test('12.A6 kill -9 at 50 random instants: the workflow finishes, every create happened exactly once', async () => {
  let killed = 0;
  // Milliseconds within which it is killed: as long as a run takes on this machine, found by trying.
  let span = 60;
  for (let round = 0; round < 50; round++) {
    rmSync(folder, { recursive: true, force: true });
    folder = mkdtempSync(join(tmpdir(), 'provisioning-crash-'));
    const finished = await run(Math.random() * span);
    span *= finished ? 0.8 : 1.1;
    if (!finished) killed++;
    expect(await run()).toBe(true);
    const all = effects(join(folder, 'effects'));
    const created = all.filter((line) => line.startsWith('create '));
    expect(created).toHaveLength(20);
    expect(new Set(created).size).toBe(20);
    // A step whose result is journalled is never repeated; one cut off between effect and journal may be, once a kill.
    expect(new Set(all.filter((line) => line.startsWith('configure '))).size).toBe(20);
    const store = new SqliteStore(join(folder, 'orchestrator.db'));
    await store.open();
    const { rows } = await store.workflows({}, { limit: 10, offset: 0, descending: true });
    expect(rows.map(({ status }) => status)).toEqual(['Completed']);
    await store.close();
  }
  expect(killed).toBeGreaterThan(20);
}, 600_000);

test('an operation that loses its process three times fails instead of taking it down for ever', async () => {
  const id = await loseThrice();
  const store = new SqliteStore(join(folder, 'orchestrator.db'));
  await store.open();
  const row = await store.workflow(id);
  expect(row?.status).toBe('Failed');
  expect(row?.summary).toContain('Operation interrupted 3 times');
  await store.close();
});

async function loseThrice(): Promise<string> {
  const start = (killed: boolean) => {
    const child = spawn(process.execPath, ['--no-warnings', fixture, folder, killed ? '60000' : '2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (killed && text.includes('begun')) child.kill('SIGKILL');
    });
    return new Promise((resolve) => child.on('exit', resolve));
  };
  for (let kill = 0; kill < 3; kill++) await start(true);
  await start(false);
  const store = new SqliteStore(join(folder, 'orchestrator.db'));
  await store.open();
  const { rows } = await store.workflows({}, { limit: 1, offset: 0, descending: true });
  await store.close();
  return rows[0]!.id;
}
