import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Transports } from '@provisioning/extensions-sdk';
import { TestSshd } from './sshd.fixture.ts';
import { createTransports } from './transports.ts';
import { generateKeyPair } from './workspace-key.ts';
import { freePort } from '../../../../tools/testing/free-port.ts';

const sshd = new TestSshd();
let transports: Transports | undefined;
const fresh = (knownHostsFile = sshd.knownHostsFile): Transports =>
  (transports = createTransports({ knownHostsFile }));

beforeAll(() => sshd.start());
afterEach(() => transports?.close());
afterAll(async () => {
  await sshd.stop();
  sshd.remove();
});

/** In how many seconds the sleepers of this run end: no other program has these arguments. */
const seconds = 10_000_000 + process.pid;

/** Signals reach the far end after the answer has come. */
async function groupGone(marker: string): Promise<boolean> {
  for (let look = 0; look < 2000 && groupAlive(marker); look++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return !groupAlive(marker);
}

const groupAlive = (marker: string): boolean =>
  execFileSync('sh', ['-c', `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '`])
    .toString()
    .includes(marker);

test('runs commands with input, environment, lines and exit code', async () => {
  const transport = await fresh().open(sshd.access());
  const lines: string[] = [];
  const result = await transport.run('echo "$GREETING"; cat; echo oops >&2; exit 3', {
    input: 'one\ntwo\n',
    environment: { GREETING: "it's\nfine", OTHER: '' },
    onLine: (line, stream) => lines.push(`${stream}:${line}`),
  });
  expect(result).toEqual({ code: 3, stdout: "it's\nfine\none\ntwo\n", stderr: 'oops\n' });
  expect(lines.filter((line) => line.startsWith('stdout'))).toEqual([
    "stdout:it's",
    'stdout:fine',
    'stdout:one',
    'stdout:two',
  ]);
  expect((await transport.run('kill -9 $$')).signal).toBe('SIGKILL');
});

test('environment values never show in process arguments', async () => {
  const transport = await fresh().open(sshd.access());
  const { stdout } = await transport.run("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '", {
    environment: { PASSWORD: 'hunter2-very-secret' },
  });
  expect(stdout).not.toContain('hunter2-very-secret');
});

test('many commands share one connection, large streams arrive whole', async () => {
  const pool = fresh();
  const [first, second] = await Promise.all([pool.open(sshd.access()), pool.open(sshd.access())]);
  expect(first).toBe(second);
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, i) => first!.run(`echo ${i}; echo $SSH_CONNECTION`)),
  );
  expect(new Set(results.map(({ stdout }) => stdout.split('\n')[1])).size).toBe(1);
  const megabytes = Buffer.alloc(8 * 1024 * 1024, 'x');
  const { stdout } = await first!.run('wc -c', { input: Readable.from([megabytes]) });
  expect(Number(stdout)).toBe(megabytes.length);
});

test('a time limit and an abort kill the whole remote process group', async () => {
  const transport = await fresh().open(sshd.access());
  await expect(
    transport.run(`sleep ${seconds}1 & sleep ${seconds}1`, { timeout: 0.5 }),
  ).rejects.toMatchObject({
    code: 'TRANSPORT_TIMEOUT',
    retryable: false,
  });
  expect(await groupGone(`sleep ${seconds}1`)).toBe(true);
  // Also when the time is over before the command has begun.
  await expect(
    transport.run(`sleep ${seconds}4 & sleep ${seconds}4`, { timeout: 0.001 }),
  ).rejects.toMatchObject({
    code: 'TRANSPORT_TIMEOUT',
  });
  expect(await groupGone(`sleep ${seconds}4`)).toBe(true);
  const controller = new AbortController();
  const stuck = transport.run(`trap '' TERM; sleep ${seconds}2 & while :; do sleep ${seconds}2; done`, {
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(), 300);
  await expect(stuck).rejects.toMatchObject({ code: 'INTERRUPTED', kind: 'interrupted' });
  expect(await groupGone(`sleep ${seconds}2`)).toBe(true);
});

test('a lost connection is retryable and the next command connects again', async () => {
  const transport = await fresh().open(sshd.access());
  const running = transport.run('sleep 30');
  setTimeout(() => sshd.dropConnections(), 300);
  await expect(running).rejects.toMatchObject({ code: 'TRANSPORT_LOST', retryable: true });
  expect((await transport.run('echo back')).stdout).toBe('back\n');
});

test('waits while the host refuses connections, and says so when the time is over', async () => {
  const late = new TestSshd();
  late.port = await freePort();
  const pool = fresh(late.knownHostsFile);
  await expect(pool.open(late.access(), { timeout: 1 })).rejects.toMatchObject({
    code: 'TRANSPORT_UNREACHABLE',
    retryable: true,
    message: expect.stringContaining('connection refused'),
  });
  setTimeout(() => void late.start(), 1_500);
  const transport = await pool.open(late.access(), { timeout: 120 });
  expect((await transport.run('echo up')).stdout).toBe('up\n');
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  const gone = { ...late.access(), port: await freePort() };
  await expect(pool.open(gone, { signal: controller.signal, timeout: 60 })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
  await pool.close();
  await late.stop();
  late.remove();
});

test('a wrong key is refused at once and named', async () => {
  const wrong = join(sshd.folder, 'wrong_key');
  writeFileSync(wrong, generateKeyPair('wrong').privateKey, { mode: 0o600 });
  await expect(fresh().open(sshd.access({ keyFile: wrong }))).rejects.toMatchObject({
    code: 'TRANSPORT_AUTH',
    kind: 'permission',
    retryable: false,
    hint: expect.stringContaining(wrong),
  });
  await expect(fresh().open(sshd.access({ keyFile: join(sshd.folder, 'none') }))).rejects.toMatchObject({
    code: 'TRANSPORT_AUTH',
    message: expect.stringContaining('no such file'),
  });
});

test('05 §7.4 host keys: new ones are remembered under the alias, changed ones refused', async () => {
  const other = new TestSshd();
  await other.start();
  const access = other.access({ hostKeyAlias: 'server-id-1' });
  let pool = fresh(other.knownHostsFile);
  await (await pool.open(access)).run('true');
  await pool.close();
  expect(readFileSync(other.knownHostsFile, 'utf8')).toMatch(/^server-id-1 ssh-ed25519 \S+\n$/);
  await other.stop();
  other.newHostKey();
  await other.start();
  pool = fresh(other.knownHostsFile);
  await expect(pool.open(access)).rejects.toMatchObject({
    code: 'TRANSPORT_HOST_KEY',
    kind: 'permission',
    retryable: false,
    message: `Host key verification failed for 127.0.0.1; run 'ssh-keygen -R [127.0.0.1]:${other.port}'`,
  });
  await (await pool.open({ ...access, hostKeyAlias: 'server-id-2' })).run('true');
  execFileSync('ssh-keygen', ['-f', other.knownHostsFile, '-H'], { stdio: 'ignore' });
  await pool.close();
  pool = fresh(other.knownHostsFile);
  await (await pool.open({ ...access, hostKeyAlias: 'server-id-2' })).run('true');
  await other.stop();
  other.remove();
});

test('local access runs on this machine with the same rules', async () => {
  const transport = await fresh().open({ kind: 'local' });
  const result = await transport.run('cat; echo "$A"; exit 4', { input: 'in\n', environment: { A: 'b' } });
  expect(result).toEqual({ code: 4, stdout: 'in\nb\n', stderr: '' });
  await expect(
    transport.run(`sleep ${seconds}3 & sleep ${seconds}3`, { timeout: 0.3 }),
  ).rejects.toMatchObject({
    code: 'TRANSPORT_TIMEOUT',
  });
  expect(await groupGone(`sleep ${seconds}3`)).toBe(true);
});
