import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Outcome, run } from '../../../test/run.ts';

const home = mkdtempSync(join(tmpdir(), 'provisioning-registry-init-'));
const asked: string[] = [];
/** Says yes to everything, in the shapes of Harbor's API. */
const harbor = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  request.resume().on('end', () => {
    const robot = request.url!.endsWith('/robots');
    response.writeHead(request.method === 'POST' ? 201 : 200);
    response.end(
      JSON.stringify(robot ? { name: 'robot$ci', secret: 'told-once' } : { project_id: 1, metadata: {} }),
    );
  });
});
let host = '';

const init = (words: string, stdin: string): Promise<Outcome> =>
  run(`oci-registry init ${words}`.split(' '), {
    cwd: home,
    stdin,
    environment: {
      ...{ HOME: home, PATH: '', NO_COLOR: '1', XDG_CONFIG_HOME: join(home, 'config') },
      PROVISIONING_OCI_REGISTRY: host,
    },
  });

beforeAll(async () => {
  await new Promise<void>((done) => harbor.listen(0, '127.0.0.1', done));
  host = `127.0.0.1:${(harbor.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((done) => harbor.close(done));
  rmSync(home, { recursive: true, force: true });
});

test("Harbor's default password is refused before anything is asked, and --check asks nothing", async () => {
  expect(await init('--type harbor --admin-password-stdin', 'Harbor12345\n')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("Harbor's default password is not accepted"),
  });
  expect(await init('--type harbor --admin-password-stdin --check', 'chosen\n')).toMatchObject({ code: 0 });
  expect(asked).toEqual([]);
});

test('a robot account at Harbor leaves its secret in a file of the user alone', async () => {
  const { code, stdout, stderr } = await init('--type harbor --admin-password-stdin --user ci', 'chosen\n');
  expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('robot account robot$ci')]);
  expect(stdout + stderr).not.toMatch(/told-once|chosen/);
  const file = /Its secret is in (\S+): /.exec(stdout + stderr)![1]!;
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['told-once\n', 0o600]);
  expect(asked).toContain('POST /api/v2.0/retentions');
});

test('options that do not go together are told apart by the type', async () => {
  for (const [words, message] of [
    ['--admin-password-stdin', '--admin-password-stdin belongs to --type harbor'],
    ['--type harbor', 'Password required: use --admin-password-stdin'],
    ['--type nexus', 'zot, harbor, distribution, embedded'],
  ] as const)
    expect(await init(words, '')).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});
