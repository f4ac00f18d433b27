import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { catalogueFolder } from '../../../../tools/testing/taskserv-bed.ts';
import { loadTaskservPackage } from './package.ts';
import { judgeParallel, judgeUpdate } from './update-policy.ts';
import { checkUpdates, type UpdateSources } from './updates.ts';

test('07.A11 check-updates: newest release, cached values over a rate limit, unknown without a cache', async () => {
  const answers: number[] = [];
  let limited = false;
  const server = createServer((request, response) => {
    if (limited) return void response.writeHead(403).end('{}');
    if (request.headers['if-none-match'] === '"one"') {
      answers.push(304);
      return void response.writeHead(304).end();
    }
    answers.push(200);
    const tags = ['v1.29.3', 'v1.30.0-rc.1', 'v1.30.0', 'other', 'v1.28.9'];
    const body = tags.map((tag_name) => ({ tag_name, draft: false, prerelease: tag_name.includes('rc') }));
    response.writeHead(200, { etag: '"one"' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-updates-'));
  try {
    const { manifest } = await loadTaskservPackage(join(catalogueFolder, 'infrastructure', 'kubectl'));
    let now = 1_000_000_000;
    const sources = (name: string): UpdateSources => ({
      cacheFolder: join(folder, name),
      now: () => now,
      apiBase: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    const check = async (name: string) =>
      (await checkUpdates([{ manifest, version: '1.29.0' }], sources(name)))[0];
    expect(await check('a')).toMatchObject({
      service: 'kubectl',
      latest_version: '1.30.0',
      update_available: true,
    });
    await check('a');
    expect(answers).toEqual([200]);
    now += 3_700_000;
    await check('a');
    expect(answers).toEqual([200, 304]);
    limited = true;
    now += 3_700_000;
    expect(await check('a')).toMatchObject({
      latest_version: '1.30.0',
      update_available: true,
      cached_age: 3700,
    });
    expect(await check('b')).toMatchObject({ latest_version: 'unknown', update_available: false });
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test('07.A12 kubernetes goes one minor at a time; no downgrade; 07.A14 majors of stateful ones need --migrate', () => {
  const judge = (name: string, from: string, to: string, migrate = false) =>
    judgeUpdate({ name, from, to, stateful: name === 'postgres', migrate });
  expect(() => judge('kubernetes', '1.28.0', '1.30')).toThrow(
    'Kubernetes must be updated one minor version at a time',
  );
  expect(judge('kubernetes', '1.28.0', '1.29.0')).toBe('minor');
  expect(judge('redis', '7.0.15', '7.0.15')).toBe('none');
  expect(judge('redis', '7.0.14', '7.0.15')).toBe('patch');
  expect(() => judge('redis', '7.2.0', '7.0.0')).toThrow(expect.objectContaining({ code: 'DOWNGRADE' }));
  expect(() => judge('postgres', '15.5', '16.1')).toThrow(
    'Major version upgrade 15.5 → 16.1 needs --migrate',
  );
  expect(judge('postgres', '15.5', '16.1', true)).toBe('major');
});

test('07.A13 dependent taskservs are not updated in parallel', () => {
  const part = (dependencies: Record<string, string>, provides: string[] = []) => ({
    dependencies,
    optional_dependencies: {},
    provides,
  });
  const catalogue = new Map([
    ['kubernetes', part({ 'containerd|crio': '*' })],
    ['containerd', part({}, ['container-runtime'])],
    ['redis', part({})],
    ['buildkit', part({ 'container-runtime': '*' })],
  ]);
  expect(() => judgeParallel(['kubernetes', 'containerd'], catalogue)).toThrow(
    'Cannot update in parallel: kubernetes depends on containerd',
  );
  expect(() => judgeParallel(['redis', 'buildkit', 'containerd'], catalogue)).toThrow(
    'buildkit depends on containerd',
  );
  expect(() => judgeParallel(['redis', 'kubernetes'], catalogue)).not.toThrow();
});
