import { request as forward } from 'node:http';
import { access } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { pullExtension } from '../artifacts/pull.ts';
import { pushExtension } from '../artifacts/push.ts';
import { type FakeRegistry, startFakeRegistry } from '../testing/fake-registry.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';

const newer = 'application/vnd.security.vulnerability.report; version=1.1';
const older = 'application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0';

let registry: RunningRegistry;
let harbor: FakeRegistry;
let scratch: Scratch;
let digest: string;
let answer: { readonly status: number; readonly body: string };
let count = 0;

/** A finding as Harbor's API documents it. */
const finding = (severity: string, id = 'CVE-2026-0001') => ({
  ...{ id, package: 'openssl', version: '3.0.1', fix_version: '3.0.9', severity, description: 'd' },
  links: [`https://avd.example/${id}`],
  artifact_digests: [digest],
});
const report = (severity: string, vulnerabilities: unknown, type = newer): string =>
  JSON.stringify({
    [type]: {
      generated_at: '2026-01-01T00:00:00Z',
      scanner: { name: 'Trivy', vendor: 'Aqua Security', version: 'v0.60.0' },
      severity,
      vulnerabilities,
    },
  });

beforeAll(async () => {
  scratch = await Scratch.create();
  registry = await startDockerRegistry();
  // Harbor: a Distribution registry behind it, and its own API beside, which answers 401 without any challenge.
  harbor = await startFakeRegistry((request, response) => {
    if (request.url!.startsWith('/api/')) {
      const { status, body } =
        request.headers.authorization === undefined ? { status: 401, body: '' } : answer;
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      return;
    }
    const [hostname, port] = registry.host.split(':');
    const { method, url: path, headers } = request;
    const passed = forward({ hostname, port, method, path, headers }, (from) => {
      response.writeHead(from.statusCode!, from.headers);
      from.pipe(response);
    });
    request.pipe(passed);
  });
  const path = await scratch.extension('redis', { name: 'redis' });
  const session = scratch.session(registry.host, { config: { 'oci.namespaces.extensions': 'acme/tools' } });
  ({ digest } = await pushExtension(session, { path }));
  await session.close();
  const auth = Buffer.from('robot$ci:s3cret').toString('base64');
  await scratch.write('docker/config.json', JSON.stringify({ auths: { [harbor.host]: { auth } } }));
});
afterAll(async () => {
  await harbor.close();
  await registry.stop();
  await scratch.remove();
});
afterEach(() => {
  scratch.warnings.length = 0;
});

async function pull(config: Readonly<Record<string, unknown>>): Promise<string> {
  const session = scratch.session(harbor.host, {
    config: { 'oci.namespaces.extensions': 'acme/tools', 'oci.retries': 0, ...config },
    cache: `cache-${++count}`,
  });
  try {
    return (await pullExtension(session, 'redis:1.0.0', { cwd: scratch.path(`pulled-${count}`) })).path;
  } finally {
    await session.close();
  }
}
const full = () => `${harbor.host}/acme/tools/redis:1.0.0`;

test('09 §8 a report of Harbor at or above oci.scan.threshold refuses the artifact, and nothing is installed', async () => {
  answer = {
    status: 200,
    body: report('Critical', [finding('Critical'), finding('High', 'CVE-2'), finding('Critical', 'CVE-3')]),
  };
  await expect(pull({ 'oci.scan.threshold': 'critical' })).rejects.toMatchObject({
    message: `Artifact ${full()} has 2 critical vulnerabilities`,
    exitCode: 4,
  });
  await expect(access(scratch.path(`pulled-${count}`, 'redis'))).rejects.toThrow('ENOENT');
  await expect(pull({ 'oci.scan.threshold': 'medium' })).rejects.toMatchObject({
    message: `Artifact ${full()} has 2 critical, 1 high vulnerabilities`,
  });
  const asked = harbor.requests.filter(({ url }) => url!.startsWith('/api/')).at(-1)!;
  expect(asked.url).toBe(
    `/api/v2.0/projects/acme/repositories/tools%252Fredis/artifacts/${digest}/additions/vulnerabilities`,
  );
  expect(asked.headers['x-accept-vulnerabilities']).toBe(`${newer}, ${older}`);
  expect(asked.headers.authorization).toBe(`Basic ${Buffer.from('robot$ci:s3cret').toString('base64')}`);
});

test('09 §8 findings below the threshold pass, in both forms of the report; a total without findings counts', async () => {
  answer = { status: 200, body: report('High', [finding('High')], older) };
  expect(await pull({ 'oci.scan.threshold': 'critical' })).toMatch(/redis$/);
  await expect(pull({ 'oci.scan.threshold': 'high' })).rejects.toMatchObject({
    message: `Artifact ${full()} has 1 high vulnerabilities`,
  });
  answer = { status: 200, body: report('Critical', null) };
  await expect(pull({ 'oci.scan.threshold': 'high' })).rejects.toMatchObject({
    message: `Artifact ${full()} has critical vulnerabilities`,
  });
  expect(scratch.warnings).toEqual([]);
});

test('09 §8 no report is a warning, and an error with oci.scan.required', async () => {
  for (const body of ['{}', '', '<!doctype html>', '[]', 'null', `{"${newer}":null}`]) {
    answer = { status: 200, body };
    await pull({ 'oci.scan.threshold': 'low' });
    expect([body, scratch.warnings.splice(0)]).toEqual([body, [`${full()}: not scanned`]]);
  }
  for (const status of [401, 403, 404]) {
    answer = { status, body: '{"errors":[{"code":"NOT_FOUND","message":"m"}]}' };
    await expect(pull({ 'oci.scan.required': true })).rejects.toMatchObject({
      message: `Artifact ${full()} is not scanned`,
      exitCode: 4,
    });
  }
});

test('09 §8 without oci.scan a solo installation asks for no report', async () => {
  const before = harbor.requests.filter(({ url }) => url!.startsWith('/api/')).length;
  await pull({});
  expect(harbor.requests.filter(({ url }) => url!.startsWith('/api/'))).toHaveLength(before);
});

test('09 §8 the modes cicd and enterprise refuse critical findings of themselves', () => {
  for (const mode of ['cicd', 'enterprise'] as const)
    expect(scratch.session('r.example', { mode }).settings.scan).toEqual({
      required: false,
      threshold: 'critical',
    });
  expect(() => scratch.session('r.example', { config: { 'oci.scan.threshold': 'awful' } })).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTING', exitCode: 3 }),
  );
});
